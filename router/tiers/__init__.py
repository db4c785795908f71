"""
The slower tiers above the room of signals: devices that may be late, wrong or gone.

Tier 1 is a sentence encoder in one worker thread, tier 2 a web hook of the tenant's own. Both answer
by a value in all circumstances: an encoder that hangs or a hook that talks nonsense costs the
signals it would have given, never a ticket. docs/search.md says when they are asked.
"""

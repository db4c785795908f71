"""
The deterministic core: commands in, events out; no clock, no chance, no input or output.

Most rules take the state and row numbers; they are named alike everywhere:

Parameters
----------
s
    ``Arrays``, all of the core's memory. Only ``apply`` changes what is canonical in it.
t, other
    int, row of a ticket.
a
    int, row of an agent.
w
    int, row of a work: an offer, or the assignment it became.
p, profile
    int, row of a profile: what a ticket asks for.
i
    int, index of an event in the event buffer; of an entry in a heap; of a candidate pair.
k, end, base
    int, further indices of the same kind.
n, c, commands
    int, index of a command in the inbox; how many there are, -1 to go on.
r, rows, row
    int, index of a row of a joint decision, how many there are; row of an entity.
q
    int, row of a queue.
lane, root
    int, row of a lane; the ticket at the root of its tree.
channel
    int, row of a channel.
kind, verb, state, presence, then, reason, refusal, which, aux
    int, a code of ``codes``.
at_us, until_us, due_us, warn_us, base_us, start_us, target_us
    int, microseconds: an instant since 1970, ``NEVER_US`` if it does not come; ``target_us`` is a length of time.
value, key, primal, dual, bonus
    int, thousandths of a point.
count, size, sent, pairs, tickets, agents, columns, start, step, following
    int, how many; where to start and how far to go.
serial, priority, sign, weight
    int, as the record's field of that name; ``sign`` is +1 or -1.
is_warned, is_breached, spread, force
    bool, as it says.
"""

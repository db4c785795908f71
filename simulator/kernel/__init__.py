"""
The simulator's loop: worlds played on the production core, compiled into one entry with its rules.

What all of its rules take is named alike:

Parameters
----------
k
    ``Sim``, all of the simulator's own memory; see ``simulator.kernel.layout``.
s
    ``Arrays``, all of the core's memory; see ``router.core.state``.
row
    int, row of the simulator's own pool of tickets.
a
    int, row of an agent, the same here and in the core.
q
    int, row of a queue, the same here and in the core.
t
    int, row of a ticket in the core.
i
    int, index of an event in the core's event buffer, or of an entry in a heap.
kind
    int, a code of ``simulator.kernel.codes``.
law
    int, row of the table of laws (distributions); -1 where there is none.
purpose
    int, what a draw is for; a code of ``simulator.kernel.codes``.
entity, count
    int, for whom a draw is, and the how many-th of them.
stream
    uint64 scalar, the key that seed, replication and purpose give.
at_us, now_us, from_us, until_us
    int, microseconds since 1970.
"""

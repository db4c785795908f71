"""A standing assignment: an exact optimum that is kept, and repaired after every change.

Rows (tickets) hold at most one slot of a column (agent). The state keeps the pairs that may be
taken, who holds what, and prices that prove it: no row would gain more elsewhere at these prices,
and only slots that are all taken have one. A change spoils that in one or two places, and a
shortest path search from there mends it, touching nothing else.

Each column has one *node* for each class of rows, with a limit and a price of its own (ordinary
states have one class, so a node is a column), and with several classes the column itself is a node
above these. ``price`` of a class node is what a row pays in all: column and class together.

Three things may be unsettled between changes: rows that are *queued* (they ask for a place), nodes
with *vacant* slots (let go, still priced, held by nobody), and nothing else. ``settle`` mends all
of them.

Parameters
----------
state
    ``Standing``: int32 and int64 arrays; see there. Changed in place.
row
    int, the caller's number of a row, below ``rows``.
node
    int, index of a class node, or of a column's own node from ``nodes`` on.
column
    int, the caller's number of a column, below ``columns``.
"""

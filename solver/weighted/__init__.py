"""
Plans for pairs of different weights: prices, columns filled exactly, and exchanges of equal weight.

Different weights make the assignment NP-hard (generalized assignment), so a plan comes with a bound
instead of a proof of optimality. The bound prices *rows* and lets each column pick the best set
of rows it can hold: the Lagrangian relaxation whose best bound is that of Dantzig and Wolfe's
columns, tighter than the linear program's, which prices capacity by the unit and fills the last
unit of a column with part of a row.

Everything is integers and every effort is counted in steps, so the same problem gives the same
plan on every machine.

Parameters
----------
lists
    ``Lists``, the problem's useful pairs. Read only.
held
    ``Held``, who holds what. Changed in place.
work
    ``Scratch`` with room for the problem. Overwritten; owned by the caller.
pattern
    ``Pattern`` with room for the widest column. Overwritten; owned by the caller.
"""

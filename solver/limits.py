"""Every limit of the solver, with its unit, and how the limits hang together."""

#: Points one pair may be worth, either way. OR-Tools multiplies costs by the number of nodes, so
#: twenty bits keep six digits and leave room for the largest problem.
VALUE_MAX = 1 << 20
#: Capacity units one pair may take.
WEIGHT_MAX = 1 << 15
#: Capacity units one column may hold, and rows of one class it may take.
CAPACITY_MAX = 1 << 17
ROWS_MAX = 1 << 20
COLUMNS_MAX = 1 << 19
CLASSES_MAX = 32
#: Pairs in one problem: positions are 32-bit integers.
PAIRS_MAX = 1 << 28

INT32_MAX = (1 << 31) - 1
INT64_MAX = (1 << 63) - 1

# A price never needs to exceed the value of the best pair, so these bound every sum the kernels
# and the checker form: the value of a plan, the worth of all capacity, and of all class limits.
assert ROWS_MAX * VALUE_MAX + COLUMNS_MAX * CAPACITY_MAX * VALUE_MAX * (1 + CLASSES_MAX) < INT64_MAX
assert VALUE_MAX + VALUE_MAX * WEIGHT_MAX < INT64_MAX
assert ROWS_MAX * WEIGHT_MAX < INT64_MAX
# OR-Tools' cost scaling: largest cost times number of nodes (rows, columns, classes of columns).
assert VALUE_MAX * (ROWS_MAX + COLUMNS_MAX * (1 + CLASSES_MAX) + 1) < INT64_MAX
assert max(PAIRS_MAX, ROWS_MAX, COLUMNS_MAX * CLASSES_MAX) <= INT32_MAX

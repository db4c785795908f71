"""Many statements at once: how sure each must be so that all of them are right together."""

from collections.abc import Sequence

from simulator.stats.student import student_cdf


def bonferroni(confidence: float, statements: int) -> float:
    """Return the confidence each interval needs so that all hold together with `confidence`.

    Raises
    ------
    ValueError
        When there is nothing to state or the confidence is no share.
    """
    if statements < 1:
        raise ValueError(f"statements is {statements}, expected 1 or more")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence is {confidence!r}, expected a number between 0 and 1")
    return 1.0 - (1.0 - confidence) / statements


def p_value(distance: float, standard_error: float, df: float) -> float:
    """Return how likely chance alone strays at least this far; 1 when both are 0."""
    if standard_error <= 0.0:
        return 1.0 if distance == 0.0 else 0.0
    return min(1.0, 2.0 * student_cdf(-abs(distance) / standard_error, df))


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Tell of each hypothesis whether it is rejected, erring anywhere with at most `level`.

    The least p-value is held against level/m, the next against level/(m - 1), until one passes.
    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6 (1979), https://www.jstor.org/stable/4615733.
    """
    order = sorted(range(len(p_values)), key=lambda place: (p_values[place], place))
    rejected = [False] * len(p_values)
    for rank, place in enumerate(order):
        if p_values[place] > level / (len(p_values) - rank):
            break
        rejected[place] = True
    return rejected

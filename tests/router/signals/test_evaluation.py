"""How good a model is: shares with intervals, and labels it never saw."""

import pytest

from router.signals.evaluation import Share, evaluate
from router.signals.model import OUT_OF_SCOPE
from router.signals.rows import Row, TrainingError
from router.signals.training import rescoped
from tests.router.signals.excerpt import STRANGE, model, parts


def test_the_interval_is_wilsons() -> None:
    """Nine of ten is .596 to .982; nothing of nothing is anything."""
    low, high = Share(9, 10).interval
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).value == 0.0


def test_an_evaluation_counts_what_predictions_say() -> None:
    """Closed, in scope, out of scope and by label agree with asking the model one by one."""
    rows = [*parts()[1], *(Row(text, OUT_OF_SCOPE) for text in STRANGE)]
    found = evaluate(model(), rows)
    told = [model().predict(row.text) for row in parts()[1]]
    right = [each.top[0][0] == row.label for each, row in zip(told, parts()[1], strict=True)]
    assert found.closed == Share(sum(right), len(right))
    assert found.out_of_scope.of == len(STRANGE)
    assert found.in_scope.hits <= found.closed.hits <= found.top3.hits
    assert sum(share.of for share in found.labels.values()) == len(right)
    assert list(found.languages) == ["?"]
    assert 0.0 < found.macro_f1 <= 1.0


def test_labels_never_seen_and_no_rows_are_refused() -> None:
    """A test that cannot be is said with its labels."""
    with pytest.raises(TrainingError, match=r"label: 'weather' \(1 in all\)"):
        evaluate(model(), [Row("rain?", "weather")])
    with pytest.raises(TrainingError, match="no rows"):
        evaluate(model(), [])


def test_the_scope_follows_the_share_that_may_be_rejected() -> None:
    """The more may fall out of scope, the more does, among the very rows it was set on."""
    rows = parts()[1]
    lost = [
        sum(not rescoped(model(), rows, share).predict(row.text).in_scope for row in rows)
        for share in (0.0, 0.2, 0.5)
    ]
    assert lost[0] == 0
    assert lost[0] < lost[1] < lost[2] <= len(rows) // 2
    with pytest.raises(TrainingError, match="none in scope"):
        rescoped(model(), [Row("x", OUT_OF_SCOPE)], 0.1)

"""Training: what is refused, that the solution is one, and that it is repeatable."""

import numpy as np
import pytest

from router.signals import svm
from router.signals.bayes import SMOOTHING
from router.signals.model import OUT_OF_SCOPE
from router.signals.rows import Row, TrainingError, gathered, read_rows
from router.signals.training import Options, Targets, fit, matrix, targets, train
from tests.router.signals.excerpt import SMALL, model, parts


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: columns '', expected text,label"),
        (b"text,category\na,b\n", "line 1: columns 'text,category'"),
        (b"text,label,text\n", "line 1: columns"),
        (b"text,label\nhello,\n", "line 2: label is missing for 'hello'"),
        (b"text,label\n  ,x\n", "line 2: text is empty"),
        (b"text,label\na,b,c\n", "line 2: 3 fields, expected 2"),
        (b"text,label\na,b\n\xff,c\n", "line 3: byte 0xff is no UTF-8"),
        (b'text,label\n"a,b\n', "expected CSV"),
        (b"text,label\n" + b"a" * 1_000_000 + b",x\n", "line 2: a field has more than 131,072"),
        (b"text,label\na," + b"x" * 129 + b"\n", "label has 129 characters"),
    ],
)
def test_a_bad_file_is_refused_by_line(data: bytes, said: str) -> None:
    """What is wrong with a training file is said with its line, column and value."""
    with pytest.raises(TrainingError, match=said.replace("(", r"\(")):
        read_rows(data)


def test_many_faults_are_listed_up_to_ten() -> None:
    """The first faults are shown, the others counted."""
    with pytest.raises(TrainingError, match="and 15 more"):
        read_rows(b"text,label\n" + b"a,\n" * 25)


def test_repeats_are_left_out_and_disputes_are_counted() -> None:
    """The same row twice teaches nothing new; a text with two labels is said."""
    found = read_rows("text,label,language\na,x,en\na,x,en\na,y,de\n\nb,x,\n".encode("utf-8-sig"))
    assert [row.label for row in found.rows] == ["x", "y", "x"]
    assert (found.repeated, found.disputed) == (1, 1)
    assert found.sha256 == gathered(list(found.rows)).sha256


@pytest.mark.parametrize("labels", [[], ["x"], ["x", OUT_OF_SCOPE]])
def test_nothing_to_tell_apart_is_refused(labels: list[str]) -> None:
    """No rows, one label, or one label and strangers make no model."""
    with pytest.raises(TrainingError):
        train([Row("a text", label) for label in labels])


def test_the_same_rows_give_the_same_model() -> None:
    """Training is seeded: again the same, with another seed another."""
    rows = parts()[0]
    assert train(rows, SMALL).id == model().id
    assert train(rows, SMALL._replace(seed=2)).id != model().id


def test_two_rows_are_enough() -> None:
    """The smallest training set gives a model that tells its own rows apart."""
    made = train([Row("yes please", "a"), Row("no thanks", "b")], Options(bits=10))
    assert (made.predict("yes please").label, made.predict("no thanks").label) == ("a", "b")


def test_the_solution_is_the_one_of_the_primal() -> None:
    """At the end of the descent the primal's gradient is nearly zero for every label."""
    rows = parts()[0][:60]
    wanted = targets(rows)
    given = matrix([row.text for row in rows], 10)
    weights = fit(given, wanted, Options(bits=10, cost=1.0, passes=300, bayes=0.0)).astype(
        np.float64
    )
    dense = np.zeros((len(given), 1 << 10))
    for i in range(len(given)):
        places = slice(given.ptr[i], given.ptr[i + 1])
        np.add.at(dense[i], given.ids[places], given.values[places])
    signs = np.where(wanted.place[:, None] == np.arange(len(wanted.labels)), 1.0, -1.0)
    slack = np.maximum(0.0, 1.0 - signs * (dense @ weights))
    gradient = weights - 2.0 * dense.T @ (signs * slack)
    assert np.abs(gradient).max() < 0.02 * np.abs(weights).max()


def test_bayes_adds_log_odds_against_the_mean_label() -> None:
    """The share of naive Bayes is what counting by hand gives; a bucket never seen stays zero."""
    rows = [Row("red apple", "fruit"), Row("red car", "car", "", 2.0), Row("jazz", OUT_OF_SCOPE)]
    wanted = targets(rows)
    given = matrix([row.text for row in rows], 12)
    both, alone = (fit(given, wanted, Options(bits=12, bayes=share)) for share in (0.5, 0.0))
    counts = np.zeros((1 << 12, 2))
    for i, row in enumerate(rows[:2]):
        places = slice(given.ptr[i], given.ptr[i + 1])
        column = wanted.labels.index(row.label)
        np.add.at(counts[:, column], given.ids[places], given.values[places] * row.weight)
    odds = np.log(counts + SMOOTHING) - np.log(counts.sum(axis=0) + SMOOTHING * len(counts))
    odds -= odds.mean(axis=1, keepdims=True)
    odds[counts.sum(axis=1) == 0] = 0.0
    assert np.abs(both - alone - 0.5 * odds).max() < 1e-4


def test_a_stranger_is_an_example_against_every_label() -> None:
    """A message of nobody pushes every label's score below zero."""
    rows = [Row("red apple", "fruit"), Row("fast car", "car"), Row("loud jazz", OUT_OF_SCOPE)]
    wanted = targets(rows)
    assert wanted.place.tolist() == [1, 0, svm.NOBODY]
    given = matrix([row.text for row in rows], 10)
    weights = fit(given, wanted, Options(bits=10, passes=50))
    scores = np.zeros((3, 2), dtype=np.float32)
    svm.score_all(given.ptr, given.ids, given.values, np.ascontiguousarray(weights), scores)
    assert (scores[2] < 0).all()


def test_a_weight_makes_a_row_count() -> None:
    """Of two rows that contradict each other the dearer one wins."""
    rows = [Row("hello there", "a", "", 1.0), Row("hello there", "b", "", 5.0), Row("bye", "a")]
    assert train(rows, Options(bits=10)).predict("hello there").label == "b"


def test_rows_of_a_matrix_are_those_asked_for() -> None:
    """A part of a matrix holds the rows asked for, in that order, each of length one."""
    given = matrix(["one word", "", "three more words"], 10)
    part = given.rows(np.array([2, 0]))
    assert part.ids[: part.ptr[1]].tolist() == given.ids[given.ptr[2] :].tolist()
    assert np.add.reduceat(part.values**2, part.ptr[:-1]) == pytest.approx([1.0, 1.0], rel=1e-5)
    assert isinstance(targets([Row("a", "x"), Row("b", "y")]), Targets)

"""Any decision of the past can be looked at as it was made."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pytest

from router.core import codes as c
from router.core.machine import Machine
from router.explain.answer import answer, answer_decision
from router.explain.rewind import UnknownDecisionError, explain_decision, rewind
from tests.router.explain.floors import NAMES, decisions, loader, recorded

if TYPE_CHECKING:
    from router.core.machine import Batch
    from router.explain.case import Case

SEEDS = range(5)


def offers_after(batches: list[Batch], seq: int) -> list[tuple[int, int, int]]:
    """Return ticket, agent and value of the offers that follow a decision in its round."""
    batch = next(b for b in batches if b.first_seq <= seq < b.first_seq + b.count)
    offers = []
    for event in batch.events[seq - batch.first_seq + 1 :]:
        if event["kind"] == c.E_DECIDED:
            break
        if event["kind"] == c.E_OFFERED and event["cause"] == -2:
            offers.append((int(event["ticket"]), int(event["agent"]), int(event["value"])))
    return offers


def told(cases: list[Case]) -> list[tuple[int, int, int]]:
    """Return ticket, agent and explained value of everything a decision offered."""
    found = []
    for case in cases:
        for agent in case.chosen:
            each = case.candidate(agent)
            assert each is not None
            found.append((case.sight.ticket, agent, each.value))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_decision_is_explained_as_it_was_made(seed: int) -> None:
    """Whom it chose and for what value, term by term, is what the offers' events say."""
    batches = recorded(seed)
    seqs = list(decisions(batches))
    assert seqs
    for seq in seqs:
        cases = explain_decision(loader(batches, len(batches) // 2), seq, NAMES)
        assert sorted(told(cases)) == sorted(offers_after(batches, seq))
        for case in cases:
            assert all(agent in case.ranks for agent in case.chosen)
            assert case.ticket in answer(case).text
            verdict = case.decided.verdict
            if verdict and (verdict.tickets, verdict.pairs) == (1, len(case.rows)):
                assert case.ranks[next(iter(case.chosen))] == 1
        if cases:
            assert answer_decision(cases).seq == seq


def test_prices_prove_joint_decisions() -> None:
    """After price nobody suits a ticket better than whom it got; who got nothing has no price."""
    priced = dear = 0
    for seed in range(16):
        batches = recorded(seed, 60)
        for seq in decisions(batches, tickets_min=2):
            for case in explain_decision(loader(batches), seq, NAMES):
                joint = case.decided.joint
                if joint is None or joint.market is None:
                    continue
                priced += 1
                winner = case.winner()
                assert winner is not None
                assert winner.price is not None
                for each in case.candidates():
                    assert each.price is not None
                    assert each.value - each.price <= winner.value - winner.price
                    assert each.price == 0 or each.row in {winner.row, *joint.went_to}
                    dear += each.price > 0
    assert priced > 10
    assert dear > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_deciding_again_gives_the_same(seed: int) -> None:
    """From the state before a batch, its commands lead to its events, decisions included."""
    batches = recorded(seed)
    for i, batch in [*enumerate(batches)][::4]:
        machine = Machine()
        for earlier in batches[:i]:
            machine.fold(earlier.events, earlier.words)
        machine.settle_fold()
        machine.feed(batch.commands, batch.command_words)
        again = machine.run()
        assert np.array_equal(again.events, batch.events)
        assert np.array_equal(again.words, batch.words)


def test_the_way_back_ends_just_before_the_event() -> None:
    """Folding on from there gives the state at the end, wherever one stops."""
    batches = recorded(1)
    whole = Machine()
    for batch in batches:
        whole.fold(batch.events, batch.words)
    last = batches[-1].first_seq + batches[-1].count - 1
    for seq in range(1, last, 17):
        moment = rewind(loader(batches, 5), seq)
        assert moment.machine.arrays.head["seq"][0] == seq - 1
        machine = moment.machine
        machine.fold(moment.batch.events[moment.position :], moment.batch.words)
        for batch in batches[batches.index(moment.batch) + 1 :]:
            machine.fold(batch.events, batch.words)
        assert machine.digest() == whole.digest()


def test_what_is_no_decision_is_refused() -> None:
    """Another event, a number beyond the journal, a gap in it, and a ticket not offered."""
    batches = recorded(1)
    with pytest.raises(UnknownDecisionError, match="event 1 is channel.set; expected a decision"):
        explain_decision(loader(batches), 1, NAMES)
    with pytest.raises(UnknownDecisionError, match="event 999999 is not in the journal"):
        explain_decision(loader(batches), 999_999, NAMES)
    with pytest.raises(UnknownDecisionError, match="the journal goes on with"):
        explain_decision(loader(batches[:1] + batches[2:]), 999_999, NAMES)
    seq = next(chain(decisions(batches)))
    with pytest.raises(UnknownDecisionError, match="did not offer the ticket in row 77"):
        explain_decision(loader(batches), seq, NAMES, ticket=77)

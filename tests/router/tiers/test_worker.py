"""One thread encodes, in order of deadlines; whatever it does, everybody gets an answer."""

import asyncio

import numpy as np
import pytest

from router.tiers.breaker import NS_PER_S, BreakerLimits
from router.tiers.worker import EncodingWorker, WorkerLimits
from tests.router.tiers.fake_encoder import BrokenEncoder, FakeEncoder, GatedEncoder

PATIENT = WorkerLimits(deadline_s=30.0)


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now_ns = 0

    def __call__(self):
        return self.now_ns


def play(scene, encoder, limits=PATIENT):
    """Run a scene with a worker and its clock, and return what is left of both."""

    async def run():
        clock = Hands()
        worker = EncodingWorker(encoder, clock, limits)
        try:
            await scene(worker, clock)
        finally:
            await worker.close()
        return worker

    return asyncio.run(run())


def test_texts_are_encoded_as_the_encoder_does():
    """What comes out is the encoder's own vector, counted as done."""
    encoder = FakeEncoder()

    async def scene(worker, _clock):
        for text in ("one", "two", "", "\ud800"):
            answer = await worker.encode(text)
            assert answer.outcome == "done"
            assert (answer.vector == FakeEncoder().encode([text])[0]).all()
        assert worker.statistics().done == 4
        assert worker.statistics().is_up

    play(scene, encoder)


def test_the_earliest_deadline_goes_first():
    """While one text is held up the others line up by deadline, equal ones by arrival."""
    encoder = GatedEncoder()

    async def scene(worker, _clock):
        asked = [asyncio.create_task(worker.encode("hold"))]
        assert await asyncio.to_thread(encoder.reached.wait, 30)
        for text, deadline_s in (("c", 29), ("a", 10), ("d", 29), ("b", 20)):
            asked.append(asyncio.create_task(worker.encode(text, deadline_s)))
        await asyncio.sleep(0)
        assert worker.statistics().waiting == 4
        encoder.gate.set()
        assert {answer.outcome for answer in await asyncio.gather(*asked)} == {"done"}
        assert encoder.texts == ["hold", "a", "b", "c", "d"]

    play(scene, encoder)


def test_a_full_queue_refuses_at_once():
    """What comes when as many wait as may is answered without being encoded."""
    encoder = GatedEncoder()

    async def scene(worker, _clock):
        asked = [asyncio.create_task(worker.encode("hold"))]
        assert await asyncio.to_thread(encoder.reached.wait, 30)
        asked += [asyncio.create_task(worker.encode(text)) for text in "ab"]
        await asyncio.sleep(0)
        assert (await worker.encode("c")).outcome == "full"
        assert not worker.statistics().is_up
        encoder.gate.set()
        await asyncio.gather(*asked)
        assert worker.statistics().is_up
        assert "c" not in encoder.texts

    play(scene, encoder, PATIENT._replace(waiting=2))


def test_what_cannot_be_in_time_is_refused():
    """When texts take a second each, a deadline of a half is refused at the door, one of three is not."""

    class Slow(FakeEncoder):
        clock: Hands

        def encode(self, texts):
            self.clock.now_ns += NS_PER_S
            return super().encode(texts)

    encoder = Slow()

    async def scene(worker, clock):
        encoder.clock = clock
        assert (await worker.encode("first")).outcome == "done"
        assert worker.statistics().mean_s == 1.0
        assert (await worker.encode("x", 0.5)).outcome == "full"
        assert (await worker.encode("x", 0.0)).outcome == "full"
        assert (await worker.encode("y", 3.0)).outcome == "done"

    play(scene, encoder)


def test_no_time_is_late():
    """A deadline that has passed is answered as late, without the thread."""
    encoder = FakeEncoder()

    async def scene(worker, _clock):
        assert (await worker.encode("x", 0.0)).outcome == "late"
        assert encoder.texts == []

    play(scene, encoder)


def test_a_text_whose_deadline_passed_while_it_waited_is_not_encoded():
    """The thread passes over what nobody can use any more."""
    encoder = GatedEncoder()

    async def scene(worker, clock):
        asked = [asyncio.create_task(worker.encode("hold"))]
        assert await asyncio.to_thread(encoder.reached.wait, 30)
        asked.append(asyncio.create_task(worker.encode("stale", 20)))
        await asyncio.sleep(0)
        clock.now_ns += 21 * NS_PER_S
        encoder.gate.set()
        assert [answer.outcome for answer in await asyncio.gather(*asked)] == ["done", "late"]
        assert encoder.texts == ["hold"]

    play(scene, encoder)


def test_a_hanging_encoder_is_left_alone_until_it_comes_back():
    """The caller hears "late" at its deadline, later ones "hung" at once; when it answers all is well."""
    encoder = GatedEncoder()

    async def scene(worker, clock):
        assert (await worker.encode("hold", 0.001)).outcome == "late"
        assert await asyncio.to_thread(encoder.reached.wait, 30)
        clock.now_ns += 3 * NS_PER_S
        assert (await worker.encode("b")).outcome == "hung"
        assert not worker.statistics().is_up
        encoder.gate.set()
        ended = await asyncio.to_thread(encoder.encoded.wait, 30)
        assert ended
        while (await worker.encode("c")).outcome == "hung":  # it has not told us yet
            pass
        assert worker.statistics().is_up

    play(scene, encoder)


def test_closing_does_not_wait_for_a_hanging_encoder():
    """Who waits hears "closed", and the thread is left behind."""
    encoder = GatedEncoder()

    async def scene(worker, _clock):
        held = asyncio.create_task(worker.encode("hold", 0.001))
        assert await asyncio.to_thread(encoder.reached.wait, 30)
        waiting = asyncio.create_task(worker.encode("b"))
        await asyncio.sleep(0)
        await worker.close()
        assert (await waiting).outcome == "closed"
        assert (await held).outcome == "late"
        assert (await worker.encode("c")).outcome == "closed"

    play(scene, encoder, PATIENT._replace(hang_s=0.001))
    encoder.gate.set()


@pytest.mark.parametrize(
    "fault", ["crash", "nan", "inf", "wide", "many", "none", "words", "ragged"]
)
def test_a_broken_encoder_costs_its_vector_only(fault):
    """A crash or nonsense is a failure with its reason, and the next text is encoded."""

    async def scene(worker, _clock):
        answer = await worker.encode(fault)
        assert answer == (None, "failed")
        assert worker.statistics().failed == 1
        assert worker.statistics().last_failure
        assert (await worker.encode("fine")).outcome == "done"

    play(scene, BrokenEncoder())


def test_an_encoder_that_keeps_failing_is_left_in_peace():
    """After failures in a row nobody asks it for a while; then it may try again."""
    encoder = BrokenEncoder()

    async def scene(worker, clock):
        for _ in range(3):
            assert (await worker.encode("crash")).outcome == "failed"
        assert (await worker.encode("fine")).outcome == "open"
        assert len(encoder.texts) == 3
        clock.now_ns += 10 * NS_PER_S
        assert (await worker.encode("fine")).outcome == "done"
        assert worker.statistics()[:6] == (1, 0, 0, 3, 0, 1)

    play(scene, encoder, PATIENT._replace(breaker=BreakerLimits(3, 10.0)))


def test_a_caller_that_goes_away_is_forgotten():
    """A cancelled question is not encoded and nobody minds."""
    encoder = GatedEncoder()

    async def scene(worker, _clock):
        held = asyncio.create_task(worker.encode("hold"))
        assert await asyncio.to_thread(encoder.reached.wait, 30)
        gone = asyncio.create_task(worker.encode("gone"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        encoder.gate.set()
        assert (await held).outcome == "done"
        assert (await worker.encode("next")).outcome == "done"
        assert encoder.texts == ["hold", "next"]

    play(scene, encoder)


def test_vectors_are_floats_of_32_bits():
    """Whatever float the encoder uses, what comes out is float32."""

    class Wide(FakeEncoder):
        def encode(self, texts):
            return super().encode(texts).astype(np.float64)

    async def scene(worker, _clock):
        vector = (await worker.encode("x")).vector
        assert vector is not None
        assert vector.dtype == np.float32

    play(scene, Wide())

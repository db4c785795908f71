"""A shard with a small floor, driven by calls as a transport would, one instant after the other."""

from typing import Any

import msgspec

from router.desk.registry import bootstrap
from router.journal import decode, encode
from router.published import publish_sealed
from router.shard import ComeAgain, Sealed, Shard
from router.wire.calls import Call, Reply
from router.wire.codec import decode_body, decode_query
from router.wire.events import Event
from router.wire.fields import instant_text
from router.wire.headers import fingerprint
from router.wire.problems import Problem
from router.wire.routes import BY_NAME

START_US = 1_795_424_400_000_000  # Monday 2026-11-23, 09:00 in UTC


class Desk:
    """Drives one shard; time stands still unless it is told to go on."""

    def __init__(self, *, is_begun: bool = True) -> None:
        self.shard = Shard()
        self.at_us = START_US
        self.sealed: list[Sealed] = []
        self.frames: list[bytes] = []
        self.events: list[Event] = []
        if is_begun:
            bootstrap(self.shard, self.at_us)
            self.settle()

    # -- time --------------------------------------------------------------------------------------

    def settle(self) -> list[Reply]:
        """Settle what is pending; keep what would be journalled and published."""
        sealed, replies = self.shard.settle(self.at_us)
        self.sealed.append(sealed)
        self.frames.append(encode(sealed))
        self.events += publish_sealed(self.shard.directory, sealed)
        return replies

    def wait(self, seconds: float) -> None:
        """Let time go on, settling whenever something is due, as an engine does."""
        end_us = self.at_us + round(seconds * 1e6)
        while self.shard.next_due_us() <= end_us:
            self.at_us = max(self.at_us + 1, self.shard.next_due_us())
            self.settle()
        self.at_us = end_us
        self.settle()

    def at(self, seconds: float = 0.0) -> str:
        """Write the instant so many seconds from now."""
        return instant_text(self.at_us + round(seconds * 1e6))

    # -- calls -------------------------------------------------------------------------------------

    def call(self, name: str, id_: str = "", body: object = None, **more: Any) -> Call:
        """Build a call from plain values, decoded and checked like a request."""
        route = BY_NAME[name]
        plain = b"" if body is None else msgspec.json.encode(body)
        read = decode_body(plain, "application/json", route.body)
        assert not isinstance(read, Problem), read
        asked = [(key, str(value)) for key, value in more.pop("query", {}).items()]
        query = decode_query(asked, route.query) if route.query else {}
        assert not isinstance(query, Problem), query
        sub = more.pop("sub", "")
        mark = fingerprint(name, (id_, sub), read) if "idempotency_key" in more else b""
        return Call(name, id=id_, body=read, sub=sub, query=query, fingerprint=mark, **more)

    def submit(self, name: str, id_: str = "", body: object = None, **more: Any) -> Reply:
        """Do a call in a settlement of its own."""
        call = self.call(name, id_, body, **more)
        if BY_NAME[name].is_query:
            reply = self.shard.query(call, self.at_us)
        else:
            pending = self.shard.admit(call, self.at_us)
            assert not isinstance(pending, ComeAgain)
            replies = self.settle()
            reply = replies[0] if pending is None else pending
        assert_fits(name, reply)
        return reply

    def do(self, name: str, id_: str = "", body: object = None, **more: Any) -> Any:
        """Do a call that must succeed, and return its body."""
        reply = self.submit(name, id_, body, **more)
        assert reply.problem is None, reply.problem
        return reply.body

    def refuse(self, name: str, id_: str = "", body: object = None, **more: Any) -> Problem:
        """Do a call that must be refused by a problem its route declares, and return that."""
        problem = self.submit(name, id_, body, **more).problem
        assert problem is not None, f"{name} {id_} was done"
        assert problem.code in BY_NAME[name].problems, problem
        return problem

    def types(self) -> list[str]:
        """Return the types of the events since last asked."""
        found = [event.type for event in self.events]
        self.events.clear()
        return found

    # -- a floor -----------------------------------------------------------------------------------

    def furnish(self) -> "Desk":
        """Put up two queues, two skills, a group and no agents."""
        for skill in ("billing", "refunds"):
            self.do("skills.put", skill, {})
        self.do("groups.put", "vip", {})
        self.do("queues.put", "help", {})
        self.do("queues.put", "sales", {"service_level": {"target_s": 60}})
        return self

    def staff(self, *names: str, **body: Any) -> "Desk":
        """Put agents on the floor who are available and know billing."""
        plain = {"skills": {"billing": 3}, "languages": {"en": 5}, **body}
        for name in names:
            self.do("agents.put", name, plain)
            self.do("agents.presence", name, {"presence": "available"})
        self.events.clear()
        return self

    def recovered(self) -> Shard:
        """Return another shard, rebuilt from the journal."""
        from router.recover import Folder

        folder = Folder(Shard())
        for frame in self.frames:
            folder.add(decode(frame))
        return folder.finish()


def assert_fits(name: str, reply: Reply) -> None:
    """Check that a reply can be sent, and is what its route declares."""
    route = BY_NAME[name]
    if reply.problem is not None or reply.replayed:
        return
    assert reply.status in route.statuses
    if route.reply is None:
        assert reply.body is None
    else:
        msgspec.json.decode(msgspec.json.encode(reply.body), type=route.reply)


def pointers(problem: Problem) -> list[str]:
    """Return where a problem finds errors."""
    return [error.pointer for error in problem.errors]

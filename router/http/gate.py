"""Who may pass, in one step: key, tenant, scope, rate.

One function with four questions rather than four middlewares: each of those would cost as much
as decoding a ticket.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from router.clock import Clock
from router.config import is_loopback
from router.keys import ANONYMOUS, Credential, Denied, KeyRing
from router.limits import Allowance, RateLimits
from router.settings import ServerSettings
from router.wire.problems import Problem, problem
from router.wire.route import Route

__all__ = ["NOBODY", "Gate", "Pass"]

US_PER_SECOND = 1_000_000
NS_PER_US = 1_000


class Pass(NamedTuple):
    """A request that may go on: whose it is, and the header lines that say what is left."""

    credential: Credential
    headers: str = ""

    @property
    def tenant(self) -> str:
        """Whose data it may touch; only the key says so."""
        return self.credential.tenant


NOBODY = Pass(ANONYMOUS)


class Gate:
    """Decides from the headers alone, before a byte of the body is read."""

    def __init__(self, ring: KeyRing, server: ServerSettings, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._per_key = RateLimits(server.rate_per_s, server.rate_burst)
        self._per_tenant = RateLimits(server.tenant_rate_per_s, server.tenant_rate_burst)
        self._limits_tenants = server.tenant_rate_per_s > 0
        self._checks_origin = ring.is_open and is_loopback(server.host)
        self._policy = ""
        if server.rate_per_s:
            self._policy = (
                f'RateLimit-Policy: "key";q={server.rate_burst};'
                f"w={max(1, server.rate_burst // server.rate_per_s)}\r\n"
            )

    @property
    def is_open(self) -> bool:
        """Whether no key is configured, so that whoever reaches the server may do everything."""
        return self._ring.is_open

    def admit(self, route: Route, headers: Mapping[str, str]) -> Pass | Problem:
        """Let a request to `route` pass, or say why not."""
        if route.scope is None:
            return NOBODY
        found = self.identify(headers)
        if isinstance(found, Problem):
            return found
        refusal = self.refuses(found, route)
        return refusal or self.charge(found, route.weight)

    def identify(self, headers: Mapping[str, str]) -> Credential | Problem:
        """Return whose key the headers carry."""
        if self._checks_origin and not _is_local(headers):
            # Without keys a page open in a browser of this machine could use the server:
            # directly, or under a name that it makes point here.
            detail = "Without keys, requests on behalf of web pages elsewhere are not taken."
            return problem("unauthorized", detail)
        found = self._ring.find(headers.get("Authorization"))
        if isinstance(found, Denied):
            return problem("unauthorized", found.detail)
        return found

    def refuses(self, credential: Credential, route: Route) -> Problem | None:
        """Return why the key does not open the route, or None when it does."""
        scope = route.scope
        if scope is None or credential.may(scope):
            return None
        return problem("forbidden_scope", f"The key {credential.id!r} lacks the scope {scope!r}.")

    def charge(self, credential: Credential, weight: int) -> Pass | Problem:
        """Take `weight` tokens from the key and from its tenant; either may be out of them."""
        now_us = self._clock.monotonic_ns() // NS_PER_US
        taken = self._per_key.take(credential.id, weight, now_us)
        if not taken.is_allowed:
            return _come_back(f"The key {credential.id!r}", taken)
        if self._limits_tenants:
            of_tenant = self._per_tenant.take(credential.tenant, weight, now_us)
            if not of_tenant.is_allowed:
                return _come_back(f"The tenant {credential.tenant!r}", of_tenant)
        if not self._policy:
            return Pass(credential)
        return Pass(credential, f'{self._policy}RateLimit: "key";r={taken.remaining}\r\n')


def _come_back(who: str, taken: Allowance) -> Problem:
    wait_s = max(1, -(-taken.retry_after_us // US_PER_SECOND))
    return problem("rate_limited", f"{who} has asked for too much at once.", retry_after_s=wait_s)


def _is_local(headers: Mapping[str, str]) -> bool:
    host = headers.get("Host", "")
    name = urlsplit(f"//{host}").hostname or ""
    origin = headers.get("Origin")
    return is_loopback(name) and (origin is None or urlsplit(origin).netloc == host)

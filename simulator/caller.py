"""What drivers of a server need of a client."""

from typing import Any, Protocol


class Caller(Protocol):
    """Makes calls; `router.client.Client` is one, whose parameters are called as these are."""

    async def call(self, name: str, id: str = "", body: object = None, **options: Any) -> Any:
        """Make one call, with `query` among its options, and return the body of its answer; raise when refused."""
        ...

"""How the server writes its log: a line of JSON for programs, coloured text for people.

Only what is named at the call is written; bodies, headers and ids of tickets never are.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from router.clock import Clock
from router.settings import LogSettings
from router.wire.fields import instant_text

__all__ = ["configure_logs"]


def configure_logs(settings: LogSettings, clock: Clock, stream: TextIO = sys.stderr) -> None:
    """Send the log to `stream`, as `log.level` and `log.format` say."""

    def timed(
        _logger: Any,
        _name: str,
        event: MutableMapping[str, Any],
    ) -> MutableMapping[str, Any]:
        event["at"] = instant_text(clock.now_us())
        return event

    is_text = settings.format == "text" or (settings.format == "auto" and stream.isatty())
    shape: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="at")]
        if is_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[structlog.processors.add_log_level, timed, *shape],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )

"""Events: how a rule writes one down."""

from router.core.jit import rule
from router.core.state import Arrays


@rule
def write_event(s: Arrays, kind: int, reason: int) -> int:
    """Begin an event and return its index in the buffer; the caller fills it and hands it to ``apply``."""
    z = s.scratch[0]
    i = int(z.events)
    e = s.events[i]
    e.at_us, e.kind, e.reason, e.cause = z.now_us, kind, reason, z.cause
    e.serial, e.until_us, e.value = 0, 0, 0
    e.ticket, e.agent, e.work, e.profile = -1, -1, -1, -1
    e.aux, e.words_from, e.words = 0, z.words, 0
    return i


@rule
def copy_words(s: Arrays, i: int, c: int) -> None:
    """Give event ``i`` the words of command ``c``."""
    z, command, e = s.scratch[0], s.inbox[c], s.events[i]
    for k in range(command.words):
        s.event_words[z.words + k] = s.inbox_words[command.words_from + k]
    e.words_from, e.words = z.words, command.words
    z.words += command.words

"""Who understands whom."""

import pytest

from router.core.limits import LANGUAGES_MAX
from router.desk.languages import levels_of, look_up, parts_of
from router.directory import LANGUAGE, Directory
from tests.router.desk.floors import Desk, pointers


def knowing(*tags):
    directory = Directory()
    for tag in tags:
        for part in parts_of(tag):
            directory.intern(LANGUAGE, part)
    return directory


def spoken(directory, listed):
    return {
        directory.id_of(LANGUAGE, n): level for n, level in levels_of(directory, listed).items()
    }


def test_the_parts_of_a_tag_get_shorter():
    """A tag is made of parts, each a kind of the next."""
    assert parts_of("zh-Hant-TW") == ("zh-hant-tw", "zh-hant", "zh")


@pytest.mark.parametrize(
    ("listed", "levels"),
    [
        ({"pt": 3}, {"pt": 3, "pt-br": 3, "pt-pt": 3}),
        ({"pt-BR": 4}, {"pt": 4, "pt-br": 4}),
        ({"pt-BR": 4, "pt-PT": 5}, {"pt": 5, "pt-br": 4, "pt-pt": 5}),
        ({"pt": 2, "pt-BR": 5}, {"pt": 2, "pt-br": 5, "pt-pt": 2}),
        ({"PT-br": 1}, {"pt": 1, "pt-br": 1}),
        ({"en": 5}, {"en": 5}),
    ],
)
def test_an_agent_understands_kinds_of_what_it_lists_and_what_that_is_a_kind_of(listed, levels):
    """Its own word comes first, then the general one, then the best variety; never another variety."""
    assert spoken(knowing("pt-BR", "pt-PT", "en"), listed) == levels


@pytest.mark.parametrize(
    ("tag", "asks_for"),
    [("pt-BR", "pt-br"), ("PT-br-x-y", "pt-br"), ("pt-AO", "pt"), ("en", None), ("p", None)],
)
def test_a_ticket_asks_for_the_longest_part_that_anybody_lists(tag, asks_for):
    """A variety nobody lists falls back to its language; an unknown language to nothing."""
    directory = knowing("pt-BR")
    number = look_up(directory, tag)
    assert (None if number < 0 else directory.id_of(LANGUAGE, number)) == asks_for


def asking(tag):
    return {"queue": "help", "channel": "chat", "language": {"tag": tag}}


def test_a_customer_from_brazil_is_understood_by_who_speaks_portuguese():
    """Until somebody lists pt-BR, any Portuguese will do; after that, pt-PT alone will not."""
    desk = Desk().furnish().staff("ana", languages={"pt-PT": 5})
    assert desk.do("tickets.put", "t1", asking("pt-BR")).state == "offered"
    desk.do("agents.put", "bia", {"languages": {"pt-BR": 3}})
    assert desk.do("tickets.put", "t2", asking("pt-BR")).state == "queued"
    desk.do("agents.presence", "bia", {"presence": "available"})
    assert desk.do("agents.get", "bia").offers == ["o-2"]


def test_who_speaks_a_language_learns_of_its_new_varieties():
    """An agent who lists pt may take pt-BR, although that tag came after the agent."""
    desk = Desk().furnish().staff("ana", languages={"pt": 5})
    desk.do("agents.put", "bia", {"languages": {"pt-BR": 3}})
    assert desk.do("tickets.put", "t1", asking("pt-BR")).offers == ["o-1"]
    assert desk.do("offers.get", "o-1").agent == "ana"


def test_a_language_that_nobody_speaks_is_refused_by_name():
    """A ticket that nobody could ever understand is an error of configuration."""
    desk = Desk().furnish().staff("ann")
    assert pointers(desk.refuse("tickets.put", "t1", asking("fi"))) == ["/language/tag"]


def test_there_are_only_so_many_languages():
    """Tags take columns of memory, so their number has an end."""
    desk = Desk()
    letters = "abcdefghijklmnopqrstuvwxyz"
    tags = [f"{a}{b}" for a in letters for b in letters][:LANGUAGES_MAX]
    for n in range(0, LANGUAGES_MAX, 64):
        body = {"languages": dict.fromkeys(tags[n : n + 64], 1)}
        desk.do("agents.put", f"a{n}", body)
    problem = desk.refuse("agents.put", "more", {"languages": {"xxx": 1}})
    assert problem.code == "limit_reached"
    assert desk.refuse("agents.get", "more").code == "unknown_resource"

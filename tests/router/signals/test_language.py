"""The language of a message: whoever detects it, the customer's prior, and texts that are none."""

from collections.abc import Sequence
from importlib.util import find_spec

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.signals import detectors, language
from router.signals.detectors import DetectorMissingError, Guess
from router.signals.features import Pass
from router.signals.kinship import KINSHIP, kinship, primary
from router.signals.language import Languages, Prior
from router.signals.model import OUT_OF_SCOPE
from router.signals.scripts import WRITTEN_IN
from tests.router.signals.shipped import shipped

MODELS = {name: shipped(name) for name in ("language", "near")}
TAGS = ("en", "de", "fr", "pt-BR", "ja", "da", "nb", "sv")


class Doubtful:
    """A detector that has an opinion and is never sure."""

    name = "doubtful"
    knows_scripts = True
    opinion = (("en", 0.6), ("de", 0.4))

    def __init__(self, languages: Sequence[str]) -> None:
        pass

    def guess(self, text: str, letters: int) -> Guess:
        """Return the opinion."""
        return Guess(self.opinion, sure=False)


def doubtful(monkeypatch: pytest.MonkeyPatch, opinion: tuple[tuple[str, float], ...]) -> Languages:
    """Return a workspace whose detector has this opinion."""
    monkeypatch.setattr(language, "LIBRARIES", {"doubtful": Doubtful})
    monkeypatch.setattr(Doubtful, "opinion", opinion)
    return Languages(TAGS, MODELS, "doubtful")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("My card has not arrived yet", "en"),
        ("Meine Karte ist noch nicht angekommen", "de"),
        ("Ma carte n'est pas encore arrivée", "fr"),
        ("O meu cartão ainda não chegou", "pt-BR"),
        ("カードがまだ届きません", "ja"),
        ("Order #12345-AX: wo ist meine Bestellung? https://shop.example/x", "de"),
    ],
)
def test_plain_messages_are_told_by_our_own_head(text: str, tag: str) -> None:
    """Without any library the head that travels with the product knows the workspace's languages."""
    found = Languages(TAGS, MODELS, "ours").detect(text)
    assert (found.value, found.source, found.model) == (tag, "tier0", "ours")
    assert found.level in {"high", "medium"}


@pytest.mark.parametrize("name", detectors.LIBRARIES)
def test_an_installed_library_is_used_and_a_missing_one_is_said(name: str) -> None:
    """Each library tells English from German where it is installed; else its absence is named."""
    try:
        found = Languages(TAGS, MODELS, name)
    except DetectorMissingError as error:
        assert name in str(error)
        return
    assert found.detector == name
    assert found.detect("Where is the parcel that I ordered last week?").value == "en"
    assert found.detect("Wo bleibt das Paket, das ich letzte Woche bestellt habe?").value == "de"


@given(text=st.text(st.characters(), max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    """Lone surrogates, controls and mixed scripts never raise; a tag or ``und``, whoever read the text before."""
    for name in ("ours", ""):
        workspace = Languages(TAGS, MODELS, name)
        found = workspace.detect(text)
        assert workspace.judge(text, Pass().read(text)) == found
        assert found.value in {*TAGS, "und"}
        assert 0.0 <= found.probability <= 1.0


@pytest.mark.parametrize("text", ["", " ", "12345", "😡😡", "\x00\ud800", "https://a.example/b"])
def test_nothing_to_tell_from_is_undetermined_or_the_customers(text: str) -> None:
    """Where no letter is left the level is low, and what is known of the customer is all there is."""
    workspace = Languages(TAGS, MODELS)
    assert workspace.detect(text)[:3] == ("und", 0.0, "low")
    found = workspace.detect(text, Prior(profile="de-AT", locale="fr"))
    assert (found.value, found.level) == ("de", "low")
    assert workspace.detect(text, Prior(profile="xx")).value == "und"


def test_the_customer_decides_where_the_detector_is_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A weak opinion gives way to the profile; a strong one does not give way to a locale."""
    weak = doubtful(monkeypatch, (("en", 0.6), ("de", 0.4)))
    assert weak.detect("ok").value == "en"
    assert weak.detect("ok", Prior(profile="de")).value == "de"
    assert weak.detect("ok", Prior(profile="de")).model == "doubtful+prior"
    assert weak.detect("ok", Prior(profile="fr", last="fr-CA")).value == "fr"
    strong = doubtful(monkeypatch, (("en", 0.97), ("de", 0.03)))
    assert strong.detect("ok", Prior(locale="de")).value == "en"


def test_near_languages_are_told_apart_by_a_head_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a detector wavers between Danish and Norwegian, words of one of them decide."""
    torn = doubtful(monkeypatch, (("da", 0.5), ("no", 0.5)))
    assert torn.detect("Hva skjer? Jeg er ikke sikker.").value == "nb"
    assert torn.detect("Hvad sker der? Jeg er ikke sikker.").value == "da"


def test_what_a_detector_is_asked_for_must_be_there() -> None:
    """An unknown name, or no detector and no head, is refused by name."""
    with pytest.raises(DetectorMissingError, match="'nobody', expected ours or eldc"):
        Languages(TAGS, MODELS, "nobody")
    with pytest.raises(DetectorMissingError, match="knows none of xx"):
        Languages(["xx"], MODELS, "ours")


def test_a_workspace_of_one_language_is_spoken_to_in_it() -> None:
    """With a single language there is nothing to tell apart."""
    assert Languages(["de"], MODELS, "ours").detect("Hallo").value == "de"


def test_kin_understand_each_other_in_part() -> None:
    """Kinship is symmetric, 1 within a language whatever the region, and 0 between strangers."""
    assert kinship("nb-NO", "nn") == kinship("pt-BR", "pt") == 1.0
    assert kinship("da", "nb") == kinship("no", "da") == KINSHIP["da", "no"]
    assert kinship("de", "ja") == 0.0
    assert all(left < right and 0 < value < 1 for (left, right), value in KINSHIP.items())
    assert (primary("zh_Hans_CN"), primary("iw")) == ("zh", "he")


def test_the_heads_that_travel_know_what_is_promised() -> None:
    """Thirty languages, and the two groups of near ones."""
    assert len(shipped("language").labels) == 30
    assert set(shipped("near").labels) == set.union(*map(set, language.NEAR))
    assert OUT_OF_SCOPE not in shipped("near").labels


def installed() -> list[str]:
    """Return our own head and the libraries that are there."""
    return ["ours", *(name for name in detectors.LIBRARIES if find_spec(name) is not None)]


TOLD = {name: Languages(TAGS, MODELS, name) for name in installed()}
LETTERLESS = st.characters(exclude_categories=["Lu", "Ll", "Lt", "Lm", "Lo"])


@pytest.mark.parametrize("name", TOLD)
@given(st.text(LETTERLESS, max_size=40))
@example("\ud7ff")
@example("\ud7ff\ue000\uffff\U0010ffff")
@example("\u0301\u0301")
@example("²³ ①② Ⅷ")
def test_a_text_without_letters_is_in_no_language(name: str, text: str) -> None:
    """Marks, digits, signs, unassigned and private code points, half surrogates: undetermined, at level low."""
    found = TOLD[name].detect(text)
    assert (found.value, found.level) == ("und", "low")


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize(
    "text", ["Спасибо", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "გამარჯობა", "ⵜⵉⴼⵉⵏⴰⵖ", "ကျေးဇူး", "ευχαριστώ"]
)
def test_a_script_that_no_language_of_the_workspace_is_written_in_is_none(
    name: str, text: str
) -> None:
    """A detector must choose; ranges of code points know better, and a customer's profile may still decide."""
    assert TOLD[name].detect(text).value == "und"
    assert TOLD[name].detect(text, Prior(profile="de")).value == "de"


def test_the_only_language_in_a_script_needs_no_detector() -> None:
    """Where one language of the workspace is written so, letters decide, however short the text."""
    both = Languages(("en", "el"), MODELS, "ours")
    assert both.detect("ναι").value == "el"
    assert both.detect("ok").value == "en"
    assert set(WRITTEN_IN) == set(MODELS["language"].labels)

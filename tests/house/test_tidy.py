"""Small tidiness: no leftovers, no machine's paths, no rooms for odds and ends, no big files."""

import re
from pathlib import Path

import pytest

from tests.house.rooms import ROOT, files, module_of, modules, unreadable

BYTES_MAX = 1_000_000
TEXT = {".py", ".md", ".toml", ".txt", ".lock", ".yml", ".yaml", ".json", ".cfg", ".sh", ""}
# Spelled so that this page does not find itself.
LEFTOVER = re.compile(r"\b(?:TOD[O]|FIXM[E])\b")
ROOTS = r"root|work|home/\w+|Users/\w+|tmp"
MACHINE_PATH = re.compile(rf"(?<![\w.~}}>\])*-])/(?:{ROOTS})(?=[/\s\"'`),:]|$)")
ODDS_AND_ENDS = {
    "utils.py",
    "util.py",
    "helpers.py",
    "helper.py",
    "common.py",
    "misc.py",
    "tools.py",
}
LOCKED = re.compile(
    r"[a-z0-9][a-z0-9._-]*==[\w.+!]+(?: ; [^\\]+)?(?: \\)?|    --hash=sha256:[0-9a-f]{64}(?: \\)?|"
)


def text_faults(path: str, text: str) -> list[str]:
    """List what is left over in a text file."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if leftover := LEFTOVER.search(line):
            found.append(f"{path}:{number} has a {leftover[0]}")
        if somewhere := MACHINE_PATH.search(line):
            found.append(f"{path}:{number} names a path of one machine: {somewhere[0]}")
    if path.endswith(".md") and len(titles(text)) != 1:
        found.append(f"{path} has {len(titles(text))} titles; a page has one")
    return found


def titles(text: str) -> list[str]:
    """Return the first-level headings of a Markdown page, code blocks left out."""
    prose = re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^# .+$", prose, flags=re.MULTILINE)


def lock_faults(path: str, text: str) -> list[str]:
    """List what is in a lock besides versions and hashes: hosts, paths, options, comments."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{path}:{n} is {line!r}" for n, line in lines if not LOCKED.fullmatch(line)]


def test_no_leftovers() -> None:
    """Nothing is put off in a comment, and nothing knows the machine it was written on."""
    found = []
    for path in files():
        if path.suffix in TEXT and path.name != "LICENSE":
            name = str(path.relative_to(ROOT))
            found += text_faults(name, path.read_text("utf-8"))
    assert found == []


def test_every_module_is_python_3_11() -> None:
    """No module needs a newer Python than the oldest one promised."""
    assert modules()
    assert unreadable() == ()


def file_faults(path: Path) -> list[str]:
    """List what is wrong with a file besides its content: its name and its size."""
    found = [f"{path} has no subject"] if path.name in ODDS_AND_ENDS else []
    size = path.stat().st_size
    return [*found, f"{path} has {size} bytes"] if size > BYTES_MAX else found


def test_every_file_has_a_subject_and_none_is_big() -> None:
    """There is no file for what found no place, and a clone stays quick."""
    assert [fault for path in files() for fault in file_faults(path)] == []


def test_a_seeded_file_is_found(tmp_path: Path) -> None:
    """A file for odds and ends is found, and a file of more than a million bytes."""
    (tmp_path / "utils.py").write_text("")
    (tmp_path / "log.csv").write_bytes(bytes(BYTES_MAX))
    assert [len(file_faults(path)) for path in sorted(tmp_path.iterdir())] == [0, 1]
    (tmp_path / "log.csv").write_bytes(bytes(BYTES_MAX + 1))
    assert [len(file_faults(path)) for path in sorted(tmp_path.iterdir())] == [1, 1]


def test_newer_syntax_is_found() -> None:
    """What only Python 3.12 can read does not pass."""
    with pytest.raises(SyntaxError):
        module_of("router.seeded", "def first[T](rows: list[T]) -> T: ...")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_versions_and_hashes_only(name: str) -> None:
    """The locks work with whatever index the reader has."""
    assert lock_faults(name, (ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("router/a.py", "x = 1  # TO" + "DO later", "has a"),
        ("router/a.py", "# FIX" + "ME", "has a"),
        ("docs/a.md", "# A\nSee `/ro" + "ot/x`.", "path of one machine"),
        ("router/a.py", "open('/ho" + "me/ann/x')", "path of one machine"),
        ("docs/a.md", "# One\n\n# Two", "2 titles"),
        ("docs/a.md", "## None", "0 titles"),
    ],
)
def test_a_seeded_leftover_is_found(path: str, text: str, said: str) -> None:
    """The check sees what it is there to see."""
    (fault,) = text_faults(path, text)
    assert said in fault


def test_what_is_fine_stays_fine() -> None:
    """A comment in a code block is no title, and a route is no path of a machine."""
    assert text_faults("a.md", "# A\n```sh\n# not a title\ncurl host:8080/work/1\n```\n") == []


@pytest.mark.parametrize(
    "line", ["--index-url https://x.example/simple", "a @ file:///x", "# via b"]
)
def test_a_host_in_a_lock_is_found(line: str) -> None:
    """An index, a file or a comment does not pass for a locked version."""
    good = "a==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
    assert lock_faults("seeded", good) == []
    assert lock_faults("seeded", good + line) != []

"""
Read the settings: TOML text and environment in, ``Settings`` or every mistake at once out.

This room opens no file and reads no environment; whoever starts the server hands both in.
"""

import dataclasses
import difflib
import ipaddress
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from router.keys import KEY_ID, SCOPES, SHA256_HEX, TENANT_ID, Credential
from router.settings import KEY_FIELDS, SECTIONS, SETTINGS, Setting, Settings

ENVIRONMENT_PREFIX = "CORDBOARD__"
FILE_SUFFIX = "_FILE"
KEYS = "auth.keys"
SHOWN_CHARS = 80
PRICE_EVERY_S_LEAST = 1.0

PAGE_HEAD = """# Settings

<!-- Written by `document` in router/config.py from router/settings.py; change it there. -->

Settings come from one TOML file, then from the environment; what is not set has its default.
`cordboard config check --config FILE` names every mistake at once: the file, the setting, the value and what
was expected. `cordboard config dump` prints what is in force, without the hashes of keys.

* A variable `CORDBOARD__SECTION__KEY` overrides the file: `CORDBOARD__SERVER__PORT=9000`. A text
  is taken as it is, all else is written as in TOML: `CORDBOARD__AUTH__KEYS='[{id = "desk", ...}]'`.
* A variable `CORDBOARD__SECTION__KEY_FILE` names a file that holds the value, for secrets that are
  mounted as files. Setting both is refused.
* An unknown setting is refused, with the one it may have been meant to be.
* Without keys everybody may do everything, so the server then listens on loopback only, unless
  `server.insecure_open` is set.

```toml
[server]
host = "0.0.0.0"
port = 8080

[store]
path = "journal.sqlite"

[[auth.keys]]
id = "desk"
sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
tenant = "acme"
scopes = ["tickets:write", "tickets:read", "events:read"]
```
"""


class Fault(NamedTuple):
    """One mistake: where it stands, which setting, what was found and what was expected."""

    source: str
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Say it in a line."""
        found = f" is {self.found}" if self.found else ""
        return f"{self.source}: {self.key}{found}; expected {self.expected}"


class ConfigError(ValueError):
    """The settings cannot be used; ``faults`` has every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class _Given(NamedTuple):
    """A value and where it was found."""

    source: str
    value: object


def load(
    text: str,
    environ: Mapping[str, str],
    source: str = "cordboard.toml",
    read: Callable[[str], str] | None = None,
) -> Settings:
    """
    Return the settings of a TOML ``text``, overridden by ``CORDBOARD__SECTION__KEY`` variables.

    ``source`` is what messages call the text. ``read`` opens the file that a variable ending in
    ``_FILE`` names; without it such variables are refused. Raises ``ConfigError`` with all faults.
    """
    faults: list[Fault] = []
    given = _from_text(text, source, faults)
    given |= _from_environment(environ, read, faults)
    values: dict[str, dict[str, object]] = {section: {} for section in SECTIONS}
    for key, (where, value) in given.items():
        section, _, name = key.partition(".")
        if key == KEYS:
            values[section][name] = _credentials(where, value, faults)
        else:
            values[section][name] = _checked(SETTINGS[key], where, value, faults)
    if not faults:
        settings = Settings(**{name: kind(**values[name]) for name, kind in SECTIONS.items()})
        faults += _relations(settings, given, source)
        if not faults:
            return settings
    raise ConfigError(faults)


def _from_text(text: str, source: str, faults: list[Fault]) -> dict[str, _Given]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # endless digits, endless nesting
        faults.append(Fault(source, "the text", "", f"TOML: {error}"))
        return {}
    given = {}
    for section, table in document.items():
        if section not in SECTIONS:
            faults.append(_unknown(source, section, SECTIONS))
        elif not isinstance(table, dict):
            faults.append(Fault(source, section, _shown(table), f"a table, written [{section}]"))
        else:
            for name, value in table.items():
                key = f"{section}.{name}"
                if key in SETTINGS or key == KEYS:
                    given[key] = _Given(source, value)
                else:
                    faults.append(_unknown(source, key, (*SETTINGS, KEYS)))
    return given


def _from_environment(
    environ: Mapping[str, str], read: Callable[[str], str] | None, faults: list[Fault]
) -> dict[str, _Given]:
    given: dict[str, _Given] = {}
    for variable in sorted(environ):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".", 1)
        text = environ[variable]
        where = f"environment variable {variable}"
        if key not in SETTINGS and key != KEYS and variable.endswith(FILE_SUFFIX):
            key = key.removesuffix(FILE_SUFFIX.lower())
            if key in SETTINGS or key == KEYS:
                text = _contents(where, text, read, faults)
        if key not in SETTINGS and key != KEYS:
            faults.append(_unknown(where, key, (*SETTINGS, KEYS)))
        elif key in given:
            faults.append(Fault(where, key, "", f"only one of it and {given[key].source}"))
        else:
            given[key] = _Given(where, _spelled(key, text))
    return given


def _contents(where: str, path: str, read: Callable[[str], str] | None, faults: list[Fault]) -> str:
    if read is None:
        faults.append(Fault(where, path, "", "a value; files are not read here"))
        return ""
    try:
        return read(path).strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(where, path, "", f"a file with text: {error}"))
        return ""


def _spelled(key: str, text: str) -> object:
    """Return a variable's text as TOML would have it: texts as they are, the rest parsed."""
    if key in SETTINGS and SETTINGS[key].kind is str:
        return text
    try:
        document = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text  # of the wrong type, which the check of the value will say
    return document["value"] if set(document) == {"value"} else text


def _checked(setting: Setting, where: str, value: object, faults: list[Fault]) -> object:
    """Return the value in the setting's type; note a fault if it is of another or out of range."""
    fits = type(value) is setting.kind or (setting.kind is float and type(value) is int)
    if fits and isinstance(value, str):
        fits = value in setting.choices if setting.choices else bool(value.strip())
    elif fits and isinstance(value, int | float) and setting.kind is not bool:
        least = -math.inf if setting.least is None else setting.least
        most = math.inf if setting.most is None else setting.most
        fits = math.isfinite(value) and least <= value <= most
    if not fits:
        faults.append(Fault(where, setting.key, _shown(value), setting.expectation))
        return setting.default
    return float(value) if setting.kind is float and isinstance(value, int) else value


def _credentials(where: str, value: object, faults: list[Fault]) -> tuple[Credential, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        expected = "tables, each written [[auth.keys]]"
        faults.append(Fault(where, KEYS, f"of type {type(value).__name__}", expected))
        return ()
    found: list[Credential] = []
    for index, entry in enumerate(value):
        key = f"{KEYS}[{index}]"
        before = len(faults)
        known = [f"{key}.{name}" for name in KEY_FIELDS]
        strange = sorted(f"{key}.{name}" for name in entry if name not in KEY_FIELDS)
        faults += (_unknown(where, name, known) for name in strange)
        wrong = (name for name in KEY_FIELDS if not _key_field_fits(name, entry.get(name)))
        faults += (_key_fault(where, key, name, entry) for name in wrong)
        if entry.get("id") in [each.id for each in found]:
            faults.append(Fault(where, f"{key}.id", _shown(entry["id"]), "an id used once"))
        if len(faults) == before:
            scopes = {"scopes": frozenset(entry["scopes"])}
            found.append(Credential(**{**entry, **scopes}))
    return tuple(found)


def _key_fault(where: str, key: str, name: str, entry: Mapping[str, object]) -> Fault:
    found = _shown(entry[name]) if name in entry else "missing"
    # Somebody may have put the key itself there, and messages end up in logs.
    hidden = name == "sha256" and name in entry
    return Fault(where, f"{key}.{name}", "not that" if hidden else found, KEY_FIELDS[name])


def _key_field_fits(name: str, value: object) -> bool:
    patterns = {"id": KEY_ID, "sha256": SHA256_HEX, "tenant": TENANT_ID}
    if value is None:
        return name in {"tenant", "label", "revoked"}
    if name in patterns:
        return isinstance(value, str) and patterns[name].fullmatch(value) is not None
    if name == "scopes":
        if not isinstance(value, list) or not value:
            return False
        return all(isinstance(each, str) and each in SCOPES for each in value)
    return isinstance(value, bool if name == "revoked" else str)


def _relations(settings: Settings, given: Mapping[str, _Given], source: str) -> list[Fault]:
    """Check settings against each other."""
    server = settings.server
    faults = []

    def say(key: str, value: object, expected: str) -> None:
        where = given[key].source if key in given else f"{source} (default)"
        faults.append(Fault(where, key, _shown(value), expected))

    if not (settings.auth.keys or server.insecure_open or is_loopback(server.host)):
        expected = (
            "a loopback address while no key is configured; add [[auth.keys]] (see `cordboard "
            "keys new`), or set server.insecure_open if anybody may do everything"
        )
        say("server.host", server.host, expected)
    if server.max_batch_body_bytes < server.max_body_bytes:
        expected = f"at least server.max_body_bytes, which is {server.max_body_bytes}"
        say("server.max_batch_body_bytes", server.max_batch_body_bytes, expected)
    too_many = server.connections_per_ip_max > server.connections_max
    if too_many and "server.connections_per_ip_max" in given:
        expected = f"at most server.connections_max, which is {server.connections_max}"
        say("server.connections_per_ip_max", server.connections_per_ip_max, expected)
    every_s = settings.routing.price_every_s
    if 0 < every_s < PRICE_EVERY_S_LEAST:
        expected = f"0 for never, or at least {PRICE_EVERY_S_LEAST:g}"
        say("routing.price_every_s", every_s, expected)
    return faults


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches ``host``; names but localhost may be anyone's."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _unknown(where: str, key: str, known: Iterable[str]) -> Fault:
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
    hint = f"a known setting; did you mean {near[0]}?" if near else "a known setting"
    return Fault(where, key, "unknown", hint)


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 3] + "..."


def dump(settings: Settings, redacted: bool = True) -> str:
    """Write the settings in force as TOML that ``load`` takes; hashes of keys only if asked for."""
    lines = []
    for section in SECTIONS:
        table = getattr(settings, section)
        if section != "auth":
            lines.append(f"[{section}]")
            pairs = ((each.name, getattr(table, each.name)) for each in dataclasses.fields(table))
            lines += [f"{name} = {_toml(value)}" for name, value in pairs]
            lines.append("")
    for each in settings.auth.keys:
        lines.append("[[auth.keys]]")
        for name in KEY_FIELDS:
            hidden = redacted and name == "sha256"
            value = "(redacted)" if hidden else getattr(each, name)
            lines.append(f"{name} = {_toml(value)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = (f"\\u{ord(c):04x}" if c < " " or c == "\x7f" else c for c in plain)
        return f'"{"".join(escaped)}"'
    if isinstance(value, frozenset):
        return f"[{', '.join(_toml(each) for each in sorted(value))}]"
    return repr(value)


def document() -> str:
    """Write docs/config.md: every setting with its default, range and purpose."""
    lines = [PAGE_HEAD]
    for section, kind in SECTIONS.items():
        lines += [f"## [{section}]", "", (kind.__doc__ or "").strip(), ""]
        rows = [row for key, row in SETTINGS.items() if key.startswith(f"{section}.")]
        if rows:
            lines += ["| setting | default | expected | what it does |", "|---|---|---|---|"]
            lines += [
                f"| `{row.key}` | `{_toml(row.default)}` | {row.expectation} | {row.about} |"
                for row in rows
            ]
        else:
            lines += ["Each `[[auth.keys]]` table (`auth.keys`) is a key:", ""]
            lines += ["| field | what it is |", "|---|---|"]
            lines += [f"| `{name}` | {about} |" for name, about in KEY_FIELDS.items()]
            lines += ["", "| scope | lets a key |", "|---|---|"]
            lines += [f"| `{scope}` | {about} |" for scope, about in SCOPES.items()]
        lines.append("")
    return "\n".join(lines)

"""Settings: what is written is in force, and whatever is wrong is named, all of it at once."""

import contextlib
import dataclasses
import importlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import config
from router.keys import SCOPES, Credential
from router.settings import SECTIONS, SETTINGS, AuthSettings, Settings
from tests.house.rooms import ROOT

SHA = "ab" * 32
KEY = f'[[auth.keys]]\nid = "desk"\nsha256 = "{SHA}"\nscopes = ["tickets:write"]\n'


def faults(text="", environ=None, read=None) -> list[str]:
    """Return the lines of the error that the settings raise."""
    with pytest.raises(config.ConfigError) as caught:
        config.load(text, environ or {}, "c.toml", read)
    return str(caught.value).splitlines()


def test_nothing_written_means_the_defaults() -> None:
    """An empty file gives a server on loopback that needs no key."""
    settings = config.load("", {})
    assert settings == Settings()
    assert (settings.server.host, settings.auth.keys) == ("127.0.0.1", ())


def test_the_environment_overrides_the_file() -> None:
    """Each variable is read in the setting's own type; what is not ours is not read."""
    environ = {
        "CORDBOARD__SERVER__PORT": "9000",
        "CORDBOARD__SERVER__DRAIN_S": "5",
        "CORDBOARD__LOG__ACCESS": "true",
        "CORDBOARD__STORE__PATH": "8080",
        "CORDBOARD__AUTH__KEYS": f'[{{id="a", sha256="{SHA}", scopes=["admin"]}}]',
        "CORDBOARD_CONFIG": "elsewhere",
        "HOME": "/",
    }
    settings = config.load('[server]\nport = 1\nhost = "0.0.0.0"\n', environ)
    assert (settings.server.port, settings.server.drain_s) == (9000, 5.0)
    assert settings.log.access is True
    assert settings.store.path == "8080"
    assert settings.auth.keys == (Credential("a", SHA, scopes=frozenset({"admin"})),)


def test_a_secret_comes_from_a_file() -> None:
    """A variable ending in _FILE names a file with the value; its last newline does not count."""
    files = {"mounted": f'[{{id="a", sha256="{SHA}", scopes=["admin"]}}]\n', "path": "j.sqlite\n"}
    environ = {"CORDBOARD__AUTH__KEYS_FILE": "mounted", "CORDBOARD__STORE__PATH_FILE": "path"}
    settings = config.load("", environ, read=files.__getitem__)
    assert settings.auth.keys[0].id == "a"
    assert settings.store.path == "j.sqlite"


def test_every_mistake_is_named_at_once() -> None:
    """Each line has the source, the setting, the value and what was expected."""
    text = """
        sever = 1
        [server]
        port = 70000
        prot = 1
        host = ""
        drain_s = nan
        keepalive_s = true
        max_body_bytes = 1e5
        [store]
        kind = "sqlit"
        [log]
        access = "yes"
        [metrics]
        enabled = 1
    """
    environ = {"CORDBOARD__SERVER__PORTS": "1", "CORDBOARD__METRICS__QUEUES_MAX": "many"}
    assert sorted(faults(text, environ)) == sorted(
        [
            "c.toml: sever is unknown; expected a known setting; did you mean server?",
            "c.toml: server.prot is unknown; expected a known setting; did you mean server.port?",
            "c.toml: server.port is 70000; expected a whole number from 0 to 65,535",
            "c.toml: server.host is ''; expected a text, not empty",
            "c.toml: server.drain_s is nan; expected a number from 0 to 3,600",
            "c.toml: server.keepalive_s is true; expected a number from 0.1 to 3,600",
            (
                "c.toml: server.max_body_bytes is 100000.0; "
                "expected a whole number from 1,024 to 16,777,216"
            ),
            'c.toml: store.kind is \'sqlit\'; expected one of "sqlite", "memory"',
            "c.toml: log.access is 'yes'; expected true or false",
            "c.toml: metrics.enabled is 1; expected true or false",
            (
                "environment variable CORDBOARD__SERVER__PORTS: server.ports is unknown; "
                "expected a known setting; did you mean server.port?"
            ),
            (
                "environment variable CORDBOARD__METRICS__QUEUES_MAX: "
                "metrics.queues_max is 'many'; expected a whole number from 0 to 10,000"
            ),
        ]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport = " + "9" * 5000, "expected TOML"),
        ("x = " + "[" * 100_000, "expected TOML"),
        ("[server\n", "c.toml: the text; expected TOML: Expected ']'"),
        ("server = 3", "c.toml: server is 3; expected a table, written [server]"),
        ("[auth]\nkeys = 3", "c.toml: auth.keys is of type int; expected tables"),
        ("[auth]\nkey = 3", "did you mean auth.keys?"),
        (KEY.replace("id", "ID"), "auth.keys[0].id is missing; expected 1 to 32"),
        (KEY.replace("desk", "Desk 1"), "auth.keys[0].id is 'Desk 1'; expected 1 to 32"),
        (KEY.replace(SHA, "secret!"), "auth.keys[0].sha256 is not that; expected 64 hexadecimal"),
        (KEY.replace("tickets:", "ticket:"), "auth.keys[0].scopes is ['ticket:write']; expected"),
        (KEY.replace('"tickets:write"', ""), "auth.keys[0].scopes is []; expected"),
        (KEY + 'tenant = "a/b"', "auth.keys[0].tenant is 'a/b'; expected"),
        (KEY + "revoked = 1", "auth.keys[0].revoked is 1; expected true"),
        (KEY + "note = 1", "auth.keys[0].note is unknown; expected a known setting"),
        (KEY + KEY, "auth.keys[1].id is 'desk'; expected an id used once"),
        ("[server]\nmax_batch_body_bytes = 2000", "expected at least server.max_body_bytes"),
        ("[routing]\nprice_every_s = 0.001", "expected 0 for never, or at least 1"),
        (
            "[server]\nconnections_max = 10\nconnections_per_ip_max = 11",
            "connections_per_ip_max is 11; expected at most server.connections_max, which is 10",
        ),
        ("[store]\npath = '" + "x" * 500 + "'\nkind = 1", "c.toml: store.kind is 1"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    """The message names the setting, shows no secret, and says what would fit."""
    assert any(said in line for line in faults(text)), faults(text)
    assert "secret!" not in "".join(faults(text))
    assert max(map(len, faults(text))) < 300


def test_without_keys_only_loopback_will_do() -> None:
    """A server that anybody may use is not reachable from elsewhere by accident."""
    assert "server.host is '0.0.0.0'; expected a loopback" in faults('[server]\nhost="0.0.0.0"')[0]
    assert "server.host is 'db'" in faults("", {"CORDBOARD__SERVER__HOST": "db"})[0]
    config.load('[server]\nhost = "0.0.0.0"\n' + KEY, {})
    config.load('[server]\nhost = "0.0.0.0"\ninsecure_open = true', {})
    for host in ("127.0.0.9", "::1", "[::1]", "localhost"):
        config.load(f'[server]\nhost = "{host}"', {})


def test_a_variable_and_its_file_exclude_each_other() -> None:
    """Which of the two counts is not left to chance."""
    both = {"CORDBOARD__STORE__PATH": "a", "CORDBOARD__STORE__PATH_FILE": "b"}
    assert "only one of it and" in faults("", both, lambda path: path)[0]


def test_an_unreadable_secret_is_a_mistake_like_any_other() -> None:
    """A missing file is named, and so is a file where none may be read."""

    def missing(path: str) -> str:
        raise FileNotFoundError(2, "No such file", path)

    environ = {"CORDBOARD__STORE__PATH_FILE": "gone"}
    assert "gone; expected a file with text" in faults("", environ, missing)[0]
    assert "files are not read here" in faults("", environ)[0]


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


def values_of(setting) -> st.SearchStrategy:
    """Draw what the setting allows."""
    if setting.choices:
        return st.sampled_from(setting.choices)
    if setting.kind is bool:
        return st.booleans()
    if setting.kind is str:
        return texts
    numbers = st.integers if setting.kind is int else st.floats
    return numbers(setting.least, setting.most)


@st.composite
def allowed_settings(draw) -> Settings:
    """Draw settings that go together."""
    sections = {
        name: kind(
            **{
                each.name: draw(values_of(SETTINGS[f"{name}.{each.name}"]))
                for each in dataclasses.fields(kind)
                if f"{name}.{each.name}" in SETTINGS
            }
        )
        for name, kind in SECTIONS.items()
    }
    server = sections["server"]
    sections["server"] = dataclasses.replace(
        server,
        max_body_bytes=min(server.max_body_bytes, server.max_batch_body_bytes),
        connections_per_ip_max=min(server.connections_per_ip_max, server.connections_max),
    )
    routing = sections["routing"]
    every_s = routing.price_every_s if routing.price_every_s >= 1 else 0.0
    sections["routing"] = dataclasses.replace(routing, price_every_s=every_s)
    scopes = draw(st.frozensets(st.sampled_from(sorted(SCOPES)), min_size=1))
    key = Credential("k", SHA, "acme", scopes, draw(texts), draw(st.booleans()))
    return Settings(**{**sections, "auth": AuthSettings((key,))})


@given(allowed_settings())
def test_what_is_dumped_is_read_back(settings: Settings) -> None:
    """A dump is a configuration file: it gives the same settings, whatever the texts contain."""
    assert config.load(config.dump(settings, redacted=False), {}) == settings
    assert SHA not in config.dump(settings)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text at all is either settings or a list of mistakes."""
    for given_text, environ in ((text, {}), ("", {"CORDBOARD__SERVER__PORT": text})):
        with contextlib.suppress(config.ConfigError):
            config.load(given_text, environ)


def test_the_page_is_up_to_date() -> None:
    """docs/config.md is what the settings say; write it anew with `config.document()`."""
    assert (ROOT / "docs/config.md").read_text("utf-8") == config.document()


def test_the_pages_own_example_is_read() -> None:
    """What the page shows works."""
    example = re.search(r"```toml\n(.*?)```", config.document(), re.DOTALL)
    assert example
    assert config.load(example[1], {}).auth.keys[0].tenant == "acme"


def test_every_default_is_allowed_and_has_a_purpose() -> None:
    """No setting refuses its own default, and each says what it does."""
    for key, setting in SETTINGS.items():
        section, name = key.split(".")
        quoted = f'"{setting.default}"' if setting.kind is str else str(setting.default).lower()
        loaded = config.load(f"[{section}]\n{name} = {quoted}", {})
        assert getattr(getattr(loaded, section), name) == setting.default
        assert setting.about.endswith(".")


@pytest.mark.parametrize(
    ("key", "module", "table"),
    [("store.kind", "router.stores", "STORES"), ("routing.policy", "router.policies", "POLICIES")],
)
def test_choices_are_the_rows_of_the_tables(key: str, module: str, table: str) -> None:
    """A new store or policy can be chosen; what is gone cannot."""
    if not (ROOT / module.replace(".", "/") / "__init__.py").exists():
        pytest.skip(f"{module} is not there yet")
    rows = getattr(importlib.import_module(module), table)
    assert set(SETTINGS[key].choices) == set(rows)

"""Keys open what they should and nothing else, and what is kept of them opens nothing."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import keys
from router.wire.routes import ROUTES

BYTES = bytes(range(20))


@pytest.fixture
def desk() -> tuple[str, keys.Credential]:
    """A key for tenant acme that may only read and write tickets."""
    key, kept = keys.mint("desk-1", BYTES)
    return key, dataclasses.replace(kept, tenant="acme", scopes=frozenset({"tickets:write"}))


def test_a_minted_key_is_found_again_and_its_secret_is_not_kept(desk) -> None:
    """The header with the key yields its owner; the secret occurs nowhere in what is kept."""
    key, kept = desk
    ring = keys.KeyRing([kept])
    assert key == "cb_desk-1_aaaqeayeaudaocajbifqydiob4ibceqt"
    assert ring.find(f"Bearer {key}") is kept
    assert ring.find(f"bearer {key}") is kept
    assert key.rpartition("_")[2] not in repr(ring)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("Basic dXNlcjpwdw==", "missing"),
        ("Bearer", "missing"),
        ("Bearer cb_desk-1", "malformed"),
        ("Bearer cb_desk-1_short", "malformed"),
        ("Bearer cb_desk-1_AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT", "malformed"),
        ("Bearer cb_desk-1_aaaqeayeaudaocajbifqydiob4ibceqt\n", "malformed"),
        ("Bearer  cb_desk-1_aaaqeayeaudaocajbifqydiob4ibceqt", "malformed"),
        ("Bearer cb_é_aaaqeayeaudaocajbifqydiob4ibceqt", "malformed"),
        ("Bearer cb_desk-1_aaaqeayeaudaocajbifqydiob4ibceqa", "unknown"),
        ("Bearer cb_desk-2_aaaqeayeaudaocajbifqydiob4ibceqt", "unknown"),
    ],
)
def test_any_other_header_is_denied_with_its_reason(desk, header, reason) -> None:
    """A caller learns whether a key is missing, misspelled or wrong, and nothing more."""
    found = keys.KeyRing([desk[1]]).find(header)
    assert isinstance(found, keys.Denied)
    assert found.reason == reason


def test_a_revoked_key_is_denied_but_only_its_holder_learns_that(desk) -> None:
    """Without the secret, a revoked key looks like any unknown one."""
    key, kept = desk
    ring = keys.KeyRing([dataclasses.replace(kept, revoked=True)])
    assert ring.find(f"Bearer {key}") == keys.REVOKED
    assert ring.find(f"Bearer {key[:-1]}a") == keys.UNKNOWN


def test_scopes_open_only_what_they_name(desk) -> None:
    """A key for tickets does not touch policies; admin opens all."""
    kept = desk[1]
    assert kept.may("tickets:write")
    assert not kept.may("policies:write")
    admin = dataclasses.replace(kept, scopes=frozenset({"admin"}))
    assert all(admin.may(scope) for scope in keys.SCOPES)


def test_two_live_keys_serve_one_tenant_while_one_replaces_the_other(desk) -> None:
    """Rotation needs no moment without a key."""
    old, kept = desk
    new, next_kept = keys.mint("desk-2", BYTES[::-1])
    ring = keys.KeyRing([kept, dataclasses.replace(next_kept, tenant="acme")])
    found = {ring.find(f"Bearer {key}").tenant for key in (old, new)}
    assert found == {"acme"}
    assert ring.tenants() == ["acme"]


def test_a_ring_without_keys_is_open_and_one_id_names_one_key(desk) -> None:
    """No keys: everybody is anonymous and may do all. Twice the same id: refused."""
    assert keys.KeyRing().find(None) is keys.ANONYMOUS
    assert keys.KeyRing().is_open
    assert keys.KeyRing().tenants() == ["default"]
    with pytest.raises(ValueError, match="share an id"):
        keys.KeyRing([desk[1], desk[1]])


@pytest.mark.parametrize("name", ["", "Ann", "a_b", "-a", "a-", "a" * 33])
def test_a_bad_id_is_refused(name) -> None:
    """An id is short and has no underscore, which parts the key."""
    with pytest.raises(ValueError, match="key id is"):
        keys.mint(name, BYTES)


def test_too_little_chance_is_refused() -> None:
    """Nineteen bytes do not make a key."""
    with pytest.raises(ValueError, match="19 random bytes; expected 20"):
        keys.mint("a", BYTES[:19])


@given(st.binary(min_size=20, max_size=20), st.binary(min_size=20, max_size=20))
def test_a_ring_takes_exactly_the_keys_it_was_given(one: bytes, other: bytes) -> None:
    """Of two secrets under one id only the right one opens."""
    key, kept = keys.mint("k", one)
    guess = keys.mint("k", other)[0]
    ring = keys.KeyRing([kept])
    assert ring.find(f"Bearer {key}") is kept
    assert (ring.find(f"Bearer {guess}") is kept) == (one == other)


@given(st.text())
def test_no_text_breaks_the_lookup(text: str) -> None:
    """Whatever a header holds, the answer is a denial, never an exception."""
    ring = keys.KeyRing([keys.mint("k", BYTES)[1]])
    assert isinstance(ring.find(text), keys.Denied)
    assert isinstance(ring.find(f"Bearer {text}"), keys.Denied)


def test_routes_and_scopes_name_the_same_rights() -> None:
    """Every scope that a route needs can be given to a key, and every scope opens some route."""
    assert {route.scope for route in ROUTES if route.scope} == set(keys.SCOPES)

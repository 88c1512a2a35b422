import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from responses_api.access import api_keys
from responses_api.models.limits import LIMIT_FIELDS
from tests.conftest import MakeApiKey


def test_a_key_has_its_form_and_is_never_the_same() -> None:
    keys = [api_keys.new_key() for _ in range(50)]
    for plain, prefix, hashed in keys:
        assert re.fullmatch(r"zg-[A-Za-z0-9]{8}-[A-Za-z0-9_-]{43}", plain)
        assert plain.startswith(f"{prefix}-")
        assert api_keys.prefix_of(plain) == prefix
        assert hashed == api_keys.hash_key(plain)
        assert plain[len(prefix) :] not in hashed
    assert len({plain for plain, _, _ in keys}) == len({hashed for _, _, hashed in keys}) == 50


def test_the_hash_depends_on_the_installations_key(settings: Settings) -> None:
    plain, _, hashed = api_keys.new_key()
    settings.API_KEY_HASH_KEY = "another installation"
    assert not api_keys.matches(hashed, api_keys.hash_key(plain))


def test_the_hash_is_hmac_sha256(settings: Settings) -> None:
    settings.API_KEY_HASH_KEY = "key"
    # A published example of HMAC-SHA256: https://en.wikipedia.org/wiki/HMAC#Examples
    assert api_keys.hash_key("The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )


@pytest.mark.parametrize(
    "text",
    ["", "zg-", "sk-proj-abc", "zg-abcdefgh", "zg-abcdefgh-" + "s" * 42, "zg-abcdefgh-" + "s" * 44, "zg-äbcdefgh-" + "s" * 43,
     "zg-abcdefgh-" + "s" * 43 + "\n"],
)  # fmt: skip
def test_other_texts_have_no_prefix(text: str) -> None:
    assert api_keys.prefix_of(text) is None


def test_masking_shows_little() -> None:
    plain, _, _ = api_keys.new_key()
    assert api_keys.masked(plain) == f"{plain[:6]}***{plain[-4:]}"
    assert api_keys.masked("short-secret") == "***"


def test_only_prefix_and_hash_are_stored(alice: User) -> None:
    key, plain = api_keys.create_api_key("laptop", alice)
    key.refresh_from_db()
    assert (key.name, key.owner) == ("laptop", alice)
    assert key.prefix == plain[:11]
    assert key.hash == api_keys.hash_key(plain)
    assert plain[12:] not in repr(key.__dict__)


def test_a_successor_has_the_same_settings(alice: User, make_api_key: MakeApiKey) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    settings = {
        **dict.fromkeys(LIMIT_FIELDS, 7),
        "allowed_models": ["gemini-3*"],
        "capture": "off",
        "note": "for the build server",
        "expires_at": soon,
    }
    key, plain = make_api_key(alice, name="build", **settings)
    made, text = api_keys.rotate(key, timedelta(hours=1))
    made.refresh_from_db()
    key.refresh_from_db()
    assert {name: getattr(made, name) for name in settings} == settings
    assert (made.name, made.owner, made.line, made.revoked_at, made.last_used_at) == (
        "build",
        alice,
        key.pk,
        None,
        None,
    )
    assert made.hash == api_keys.hash_key(text) != key.hash == api_keys.hash_key(plain)
    assert key.expires_at == soon, "it expires before the overlap ends"
    again, _ = api_keys.rotate(made, timedelta(0))
    assert again.line == key.pk
    with pytest.raises(ValueError, match="revoked or has expired"):
        api_keys.rotate(made, timedelta(0))
    with pytest.raises(ValueError, match="negative"):
        api_keys.rotate(again, timedelta(-1))


def test_the_old_key_goes_on_for_the_overlap(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    api_keys.rotate(key, timedelta(hours=24))
    key.refresh_from_db()
    assert key.expires_at is not None
    assert timedelta(hours=23) < key.expires_at - timezone.now() <= timedelta(hours=24)

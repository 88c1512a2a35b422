from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from responses_api.access.api_keys import hash_key
from responses_api.models import ApiKey
from tests.conftest import MakeApiKey


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rotateapikey", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("30s", timedelta(seconds=30)),
        ("0", timedelta(0)),
    ],
)
def test_the_successor_is_printed_and_the_old_key_expires(
    alice: User, make_api_key: MakeApiKey, overlap: str, expected: timedelta
) -> None:
    key, _ = make_api_key(alice)
    plain = run(key.prefix, "--overlap", overlap, "--quiet").strip()
    assert ApiKey.objects.get(hash=hash_key(plain)).line == key.pk
    key.refresh_from_db()
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - expected) < timedelta(minutes=5)


def test_for_people(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice, name="laptop")
    text = run(key.prefix)
    assert "shown only this once:\n\n    zg-" in text
    assert "The old key is accepted until 2" in text


def test_what_cannot_be_rotated(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice, revoked_at=timezone.now())
    with pytest.raises(CommandError, match="revoked"):
        run(key.prefix)
    with pytest.raises(CommandError, match="There is no API key zg-unknown"):
        run("zg-unknown")
    with pytest.raises(CommandError, match="'tomorrow' is no time such as 90m, 24h or 7d"):
        run(key.prefix, "--overlap", "tomorrow")

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from responses_api.access import callers
from responses_api.access.callers import Caller, CallerMemory, authenticate, authenticate_cached
from responses_api.access.limits.rules import Allowance, Limits
from responses_api.access.stored_secrets import set_secret
from responses_api.core.errors import AuthenticationFailed, error_body
from responses_api.models import ApiKey, Credential, UserLimits
from tests.conftest import MakeApiKey


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(callers, "memory", CallerMemory(clock))
    return clock


@pytest.fixture(autouse=True)
def _no_installation_account(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = False
    settings.ZEROGRAVITY_TOKEN = settings.GEMINI_API_KEY = ""


def credential(name: str = "account", **fields: Any) -> Credential:
    made = Credential(name=name, kind=Credential.Kind.API_KEY, **fields)
    set_secret(made, "secret")
    made.save()
    return made


def refused(header: str | None) -> AuthenticationFailed:
    with pytest.raises(AuthenticationFailed) as caught:
        authenticate(header)
    assert caught.value.http_status == 401
    return caught.value


@pytest.mark.parametrize(
    "header", [None, "", "   ", "Bearer", "Bearer  ", "Basic YWxpY2U6cHc=", "zg-no-scheme"]
)
def test_no_key(header: str | None) -> None:
    error = refused(header)
    assert error.message.startswith("You didn't provide an API key. You need to provide your API key in an")
    assert error.type == "invalid_request_error"


@pytest.mark.django_db
def test_a_wrong_key_is_named_but_masked(alice: User, make_api_key: MakeApiKey) -> None:
    _, plain = make_api_key(alice, credential=credential())
    wrong = plain[:-1] + ("A" if plain[-1] != "A" else "B")
    error = refused(f"Bearer {wrong}")
    assert error_body(error)["error"] == {
        "message": f"Incorrect API key provided: {wrong[:6]}***{wrong[-4:]}.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    }
    assert refused("Bearer sk-somebody-elses-key-entirely").code == "invalid_api_key"


@pytest.mark.django_db
def test_revoked_expired_and_inactive_look_like_wrong(
    alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    account = credential()
    now = timezone.now()
    bob.is_active = False
    bob.save()
    for owner, fields in [
        (alice, {"revoked_at": now}),
        (alice, {"expires_at": now}),
        (alice, {"expires_at": now - timedelta(days=1)}),
        (bob, {}),
    ]:
        _, plain = make_api_key(owner, credential=account, **fields)
        error = refused(f"Bearer {plain}")
        assert (error.message, error.code) == (
            f"Incorrect API key provided: {plain[:6]}***{plain[-4:]}.",
            "invalid_api_key",
        )


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {} "])
def test_a_good_key(form: str, alice: User, make_api_key: MakeApiKey) -> None:
    account = credential()
    key, plain = make_api_key(alice, credential=account, expires_at=timezone.now() + timedelta(days=1))
    assert authenticate(form.format(plain)) == Caller(key.pk, alice.pk, f"credential:{account.pk}")


@pytest.mark.django_db
def test_the_caller_of_a_key_is_who_it_would_be_now(alice: User, make_api_key: MakeApiKey) -> None:
    account = credential(owner=alice)
    key, plain = make_api_key(alice)
    assert callers.caller_of(key.pk) == authenticate(f"Bearer {plain}")

    for fields in ({"revoked_at": timezone.now()}, {"revoked_at": None, "expires_at": timezone.now()}):
        ApiKey.objects.filter(pk=key.pk).update(**fields)
        with pytest.raises(AuthenticationFailed, match="cannot be used any more"):
            callers.caller_of(key.pk)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=None)
    account.delete()
    with pytest.raises(AuthenticationFailed, match="No usable upstream credential"):
        callers.caller_of(key.pk)
    key.delete()
    with pytest.raises(AuthenticationFailed, match="cannot be used any more"):
        callers.caller_of(key.pk or 0)


def test_whose_account_is_used(alice: User, bob: User, settings: Settings, make_api_key: MakeApiKey) -> None:
    """Each step is found only because the better ones before it are taken away."""
    key, plain = make_api_key(alice, credential=credential("the key's own"))
    expired = timezone.now() - timedelta(seconds=1)
    credential("older", owner=alice)
    newest = credential("newest", owner=alice)
    credential("expired", owner=alice, expires_at=expired)
    credential("somebody else's", owner=bob)
    default = credential("default", is_default=True)
    settings.ZEROGRAVITY_TOKEN = "token"
    settings.UPSTREAM_SIMULATED = True

    def ref() -> str:
        return authenticate(f"Bearer {plain}").credential_ref

    assert ref() == f"credential:{key.credential_id}"
    ApiKey.objects.update(credential=None)
    assert ref() == f"credential:{newest.pk}"
    Credential.objects.filter(owner=alice).update(expires_at=expired)
    assert ref() == f"credential:{default.pk}"
    default.delete()
    assert ref() == "environment"
    settings.ZEROGRAVITY_TOKEN = ""
    assert ref() == "simulator"
    settings.UPSTREAM_SIMULATED = False
    error = refused(f"Bearer {plain}")
    assert error.type == "authentication_error"
    assert "credential" in error.message


@pytest.mark.django_db
def test_an_expired_account_of_the_key_is_not_replaced_by_another(
    alice: User, make_api_key: MakeApiKey
) -> None:
    credential("default", is_default=True)
    _, plain = make_api_key(alice, credential=credential(expires_at=timezone.now()))
    assert refused(f"Bearer {plain}").type == "authentication_error"


@pytest.mark.django_db
def test_one_query_and_last_used_once_a_minute(
    alice: User, make_api_key: MakeApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key, plain = make_api_key(alice, credential=credential())
    with django_assert_num_queries(2):
        authenticate(f"Bearer {plain}")
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        authenticate(f"Bearer {plain}")
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
    with django_assert_num_queries(2):
        authenticate(f"Bearer {plain}")
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at >= first


@pytest.mark.django_db
def test_remembered_for_two_seconds(
    alice: User, make_api_key, clock: Clock, django_assert_num_queries
) -> None:
    key, plain = make_api_key(alice, credential=credential())
    header = f"Bearer {plain}"
    assert authenticate_cached(header) is None
    caller = authenticate(header)
    key.revoked_at = timezone.now()
    key.save()
    with django_assert_num_queries(0):
        assert authenticate_cached(header) == caller
        assert authenticate_cached(None) is None
        assert authenticate_cached(header + "x") is None
        clock.now += 2.0
        assert authenticate_cached(header) is None
    refused(header)
    assert authenticate_cached(header) is None


def test_the_memory_is_bounded(clock: Clock) -> None:
    memory = CallerMemory(clock, capacity=3)
    callers = [Caller(number, 1, "simulator") for number in range(5)]
    for caller in callers:
        memory.put(str(caller.api_key_id), caller)
    memory.put("4", callers[4])
    assert len(memory) == 3
    assert [memory.get(str(number)) for number in range(5)] == [None, None, *callers[2:]]


@pytest.mark.django_db
def test_models_and_limits_come_with_the_same_query(
    alice: User, make_api_key: MakeApiKey, settings: Settings, django_assert_num_queries
) -> None:
    settings.UPSTREAM_SIMULATED = True
    settings.KEY_LIMITS = {"requests_per_minute": Decimal(60), "tokens_per_day": Decimal(9)}
    UserLimits.objects.create(user=alice, concurrent_responses=4)
    now = timezone.now()
    key, plain = make_api_key(
        alice, allowed_models=["gemma-*"], capture="full", requests_per_minute=5, last_used_at=now
    )
    with django_assert_num_queries(1):
        caller = authenticate(f"Bearer {plain}")
    assert (caller.models, caller.capture) == (("gemma-*",), "full")
    assert caller.allowances == (
        Allowance(f"key:{key.pk}", Limits(requests_per_minute=5, tokens_per_day=9)),
        Allowance(f"user:{alice.pk}", Limits(concurrent_responses=4)),
    )
    assert callers.allowances_of(alice.pk, key.pk) == caller.allowances
    assert callers.allowances_of(alice.pk, None) == caller.allowances[1:]

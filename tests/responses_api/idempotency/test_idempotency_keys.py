"""The rows of the idempotency keys, against the real PostgreSQL."""

import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from responses_api.idempotency.idempotency_keys import (
    LEASE,
    Held,
    Refusal,
    Replay,
    forget_answer,
    free,
    keep,
    renew,
    take,
)
from responses_api.models import IdempotentRequest, Response

pytestmark = pytest.mark.django_db

ANSWER = Replay(200, "application/json", zlib.compress(b'{"id":"resp_1"}'))


def taken(owner: User, key: str = "key", body: bytes = b"body") -> Held:
    held = take(owner.pk, key, body)
    assert isinstance(held, Held)
    return held


def stored(owner: User, response_id: str = "resp_1") -> str:
    Response.objects.create(
        id=response_id, owner=owner, created_at=timezone.now(), status="completed", model="m", body={}
    )
    return response_id


def age(**ages: timedelta) -> None:
    IdempotentRequest.objects.update(**{name: timezone.now() - passed for name, passed in ages.items()})


def test_while_it_is_answered_nobody_else_has_the_key(alice: User) -> None:
    taken(alice)
    assert take(alice.pk, "key", b"body") is Refusal.IN_FLIGHT
    assert take(alice.pk, "key", b"another body") is Refusal.OTHER_BODY


def test_keys_are_an_owners_own(alice: User, bob: User) -> None:
    taken(alice)
    taken(alice, "Key")
    taken(bob, body=b"another body")


def test_the_answer_is_replayed_to_the_same_body_only(alice: User) -> None:
    keep(taken(alice), stored(alice), ANSWER)
    replay = take(alice.pk, "key", b"body")
    assert replay == ANSWER
    assert isinstance(replay, Replay)
    assert replay.body == b'{"id":"resp_1"}'
    assert take(alice.pk, "key", b"another body") is Refusal.OTHER_BODY


def test_a_request_whose_answer_was_not_kept_is_not_answered_again(alice: User) -> None:
    keep(taken(alice), "resp_1", None)
    assert take(alice.pk, "key", b"body") is Refusal.NOT_KEPT


def test_a_key_that_was_freed_can_be_taken_with_any_body(alice: User) -> None:
    free(taken(alice))
    taken(alice, body=b"another body")


def test_a_deleted_responses_answer_is_not_replayed(alice: User) -> None:
    keep(taken(alice), stored(alice), ANSWER)
    Response.objects.all().delete()
    assert take(alice.pk, "key", b"body") is Refusal.NOT_KEPT


def test_a_forgotten_answer_leaves_nothing_of_its_content(alice: User, bob: User) -> None:
    keep(taken(alice), stored(alice), ANSWER)
    keep(taken(alice, "other"), stored(alice, "resp_2"), ANSWER)
    forget_answer(bob.pk, "resp_1")
    assert take(alice.pk, "key", b"body") == ANSWER
    forget_answer(alice.pk, "resp_1")
    assert IdempotentRequest.objects.get(key="key").answer is None
    assert take(alice.pk, "key", b"body") is Refusal.NOT_KEPT
    assert take(alice.pk, "other", b"body") == ANSWER


def test_a_dead_gateways_key_is_free_when_its_lease_has_run_out(alice: User) -> None:
    dead = taken(alice)
    age(lease_until=timedelta(seconds=1))
    second = taken(alice)
    # It was not dead, only slow: it has lost the key.
    keep(dead, stored(alice), ANSWER)
    free(dead)
    renew([dead])
    assert take(alice.pk, "key", b"body") is Refusal.IN_FLIGHT
    keep(second, "resp_1", ANSWER)
    assert take(alice.pk, "key", b"body") == ANSWER


def test_leases_are_renewed_together(alice: User, bob: User) -> None:
    held = [taken(alice), taken(alice, "other"), taken(bob)]
    keep(held[1], "", None)
    age(lease_until=LEASE)
    IdempotentRequest.objects.filter(key="other").update(lease_until=None)
    renew(held)
    leases = dict(IdempotentRequest.objects.values_list("owner_id", "lease_until").filter(key="key"))
    assert set(leases) == {alice.pk, bob.pk}
    assert all(timedelta() < until - timezone.now() <= LEASE for until in leases.values() if until)
    assert None not in leases.values()
    assert IdempotentRequest.objects.get(key="other").lease_until is None


def test_an_old_answer_is_no_answer_any_more(alice: User, settings: Settings) -> None:
    settings.IDEMPOTENCY_HOURS = 2
    keep(taken(alice), stored(alice), ANSWER)
    age(created_at=timedelta(hours=1, minutes=59))
    assert take(alice.pk, "key", b"body") == ANSWER
    age(created_at=timedelta(hours=2, minutes=1))
    taken(alice, body=b"another body")
    row = IdempotentRequest.objects.get()
    assert (row.answer, row.http_status, row.response_id) == (None, None, "")


def test_the_row_does_not_tell_what_the_body_was(alice: User, settings: Settings) -> None:
    taken(alice, body=b"yes")
    first = IdempotentRequest.objects.get().body_hash
    settings.API_KEY_HASH_KEY = "another installation's"
    taken(alice, "other", body=b"yes")
    assert IdempotentRequest.objects.get(key="other").body_hash != first


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_the_key(alice: User) -> None:
    count = 8
    together = threading.Barrier(count)

    def race(_: int) -> Held | Replay | Refusal:
        together.wait()
        try:
            return take(alice.pk, "key", b"body")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        outcomes = list(threads.map(race, range(count)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Held"] + ["Refusal"] * (count - 1)

"""Trying keys gets slow, for whoever tries them and for nobody else."""

import pytest

from responses_api.access.failed_keys import BURST, SECONDS_PER_KEY, FailedKeys
from responses_api.core.errors import RateLimited


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def failed(clock: Clock) -> FailedKeys:
    return FailedKeys(clock)


def attempt(failed: FailedKeys, address: str, key: str = "wrong") -> None:
    failed.check(address, key)
    failed.note_failure(address)


def test_a_burst_then_one_at_a_time(failed: FailedKeys, clock: Clock) -> None:
    for _ in range(BURST + 1):
        attempt(failed, "192.0.2.1")
    with pytest.raises(RateLimited) as caught:
        attempt(failed, "192.0.2.1")
    assert caught.value.retry_after == pytest.approx(SECONDS_PER_KEY)

    clock.now += SECONDS_PER_KEY
    attempt(failed, "192.0.2.1")
    with pytest.raises(RateLimited):
        attempt(failed, "192.0.2.1")


def test_refused_attempts_do_not_lengthen_the_wait(failed: FailedKeys, clock: Clock) -> None:
    for _ in range(BURST + 1):
        attempt(failed, "192.0.2.1")
    for _ in range(100):
        with pytest.raises(RateLimited):
            attempt(failed, "192.0.2.1")
    clock.now += SECONDS_PER_KEY
    attempt(failed, "192.0.2.1")


def test_others_are_not_slowed_down(failed: FailedKeys) -> None:
    for _ in range(BURST + 1):
        attempt(failed, "192.0.2.1")
    failed.check("192.0.2.2", "wrong")
    failed.note_success("right")
    failed.check("192.0.2.1", "right")


def test_an_ipv6_network_is_one_address(failed: FailedKeys) -> None:
    for number in range(BURST + 1):
        attempt(failed, f"2001:db8::{number:x}")
    with pytest.raises(RateLimited):
        failed.check("2001:db8::ffff", "wrong")
    failed.check("2001:db8:0:1::1", "wrong")


def test_without_an_address_nothing_is_refused(failed: FailedKeys) -> None:
    for _ in range(3 * BURST):
        attempt(failed, "")


def test_what_is_remembered_is_bounded(clock: Clock) -> None:
    failed = FailedKeys(clock, remembered=2)
    for _ in range(BURST + 1):
        attempt(failed, "192.0.2.1")
    failed.note_failure("192.0.2.2")
    failed.note_failure("unix socket")
    failed.check("192.0.2.1", "wrong")

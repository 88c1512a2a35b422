"""Who counts as dead, on a clock of the test's own."""

import time

import pytest

from responses_api.gateways.silence import Silence


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def silence(clock: Clock) -> Silence:
    return Silence(10, 4, clock)


def pass_time(silence: Silence, clock: Clock, seconds: int, beats: dict[str, int]) -> list[str]:
    """Look every two seconds."""
    dead: list[str] = []
    for _ in range(seconds // 2):
        clock.now += 2
        dead = silence.look(beats)
    return dead


def test_whoever_does_not_count_is_dead_after_a_while(silence: Silence, clock: Clock) -> None:
    assert silence.look({"a": 7}) == []
    assert pass_time(silence, clock, 8, {"a": 7}) == []
    assert pass_time(silence, clock, 2, {"a": 7}) == ["a"]


def test_whoever_counts_is_alive(silence: Silence, clock: Clock) -> None:
    for beat in range(20):
        clock.now += 2
        assert silence.look({"a": beat, "b": 1} if beat < 4 else {"a": beat}) == []


def test_one_that_starts_anew_counts_from_the_beginning(silence: Silence, clock: Clock) -> None:
    assert pass_time(silence, clock, 10, {"a": 7}) == []
    assert silence.look({"a": 1}) == []
    assert pass_time(silence, clock, 8, {"a": 1}) == []


def test_after_a_standstill_of_the_observer_everybody_gets_a_new_chance(
    silence: Silence, clock: Clock
) -> None:
    assert pass_time(silence, clock, 8, {"a": 7}) == []
    clock.now += 60
    assert silence.look({"a": 7}) == []
    assert pass_time(silence, clock, 8, {"a": 7}) == []
    assert pass_time(silence, clock, 2, {"a": 7}) == ["a"]


def test_a_jump_of_the_wall_clock_buries_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = Silence(10, 4)
    silence.look({"a": 7})
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert silence.look({"a": 7}) == []

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.statistics.latency_bins import BINS, BOUNDS, percentile


def binned(times: list[float]) -> list[int]:
    counts = [0] * BINS
    for time in times:
        counts[bisect_right(BOUNDS, time)] += 1
    return counts


def test_bounds_grow_from_ten_milliseconds_to_the_longest_response() -> None:
    assert BOUNDS[0] == 10
    assert BOUNDS[-1] > 1_200_000
    assert list(BOUNDS) == sorted(set(BOUNDS))
    assert len(BOUNDS) + 1 == BINS


def test_no_requests_have_no_percentile() -> None:
    assert percentile([0] * BINS, 0.5) is None


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_one_request_is_told_to_the_width_of_its_bin(share: float) -> None:
    told = percentile(binned([100.0]), share)
    assert told is not None
    assert 100 / 2**0.5 <= told <= 100 * 2**0.5


@given(st.lists(st.floats(10, 1_200_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_percentile_is_off_by_a_bin_at_most(times: list[float], share: float) -> None:
    told = percentile(binned(times), share)
    ordered = sorted(times)
    exact = next(time for rank, time in enumerate(ordered, start=1) if rank >= share * len(ordered))
    assert told is not None
    assert exact / 1.4143 <= told <= exact * 1.4143


@given(st.lists(st.floats(0, 10_000_000), min_size=1, max_size=50))
def test_percentiles_are_in_order(times: list[float]) -> None:
    told = [percentile(binned(times), share) or -1 for share in (0.1, 0.5, 0.9, 0.99, 1)]
    assert told == sorted(told)
    assert told[0] > 0

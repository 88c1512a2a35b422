import pytest

from responses_api.admin.wording import count, counted, duration, outcome_label
from responses_api.models import Outcome


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "–"),
        (0.0, "0.0 ms"),
        (8.25, "8.2 ms"),
        (845.4, "845 ms"),
        (12_440.0, "12.4 s"),
        (185_000.0, "3 min 5 s"),
    ],
)
def test_durations(milliseconds: float | None, words: str) -> None:
    assert duration(milliseconds) == words


def test_counts() -> None:
    assert count(1234567) == "1\u202f234\u202f567"
    assert [counted(number, "error") for number in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_label(outcome: Outcome) -> None:
    assert outcome.label in outcome_label(outcome.value)

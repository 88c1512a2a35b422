import pytest

from responses_api.models import Outcome
from responses_api.statistics.figures import EVERYTHING, Figures, Selection
from responses_api.statistics.outcomes import COUNTED


def test_the_error_rate_is_the_share_of_what_failed() -> None:
    counts = tuple(
        {Outcome.COMPLETED: 5, Outcome.FAILED: 1, Outcome.UPSTREAM_ERROR: 2}.get(o, 0) for o in COUNTED
    )
    figures = Figures(requests=8, counts=counts)
    assert figures.outcomes == {Outcome.COMPLETED: 5, Outcome.UPSTREAM_ERROR: 2, Outcome.FAILED: 1}
    assert (figures.errors, figures.error_rate) == (3, 0.375)


def test_there_are_no_errors_without_requests() -> None:
    assert (Figures().outcomes, Figures().errors, Figures().error_rate) == ({}, 0, 0)


def test_every_outcome_that_ends_an_exchange_is_counted() -> None:
    assert set(COUNTED) == set(Outcome) - {Outcome.IN_PROGRESS}


@pytest.mark.parametrize(
    ("selection", "conditions"),
    [
        (EVERYTHING, {}),
        (Selection(models=()), {"model": ()}),
        (Selection(owner_ids=(1,), api_key_ids=(2, 3)), {"owner_id": (1,), "api_key_id": (2, 3)}),
    ],
)
def test_a_selection_names_the_columns_that_it_restricts(selection: Selection, conditions: object) -> None:
    assert selection.conditions() == conditions

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from responses_api.gemini.models import PROFILES, Generation, ModelProfile, Prices
from responses_api.gemini.thinking import LevelControl
from responses_api.models import ServedModel
from responses_api.models.catalogue import row_values

pytestmark = pytest.mark.django_db

OURS = ModelProfile(
    "ours",
    Generation.G3,
    LevelControl(("low", "high"), "low"),
    date(2026, 11, 1),
    upstream_name="gemini-3.8-flash-tuned",
    aliases=("mine", "team/ours"),
    media=frozenset({"pdf", "image"}),
    prices=Prices(Decimal("0.75"), Decimal("0.075"), Decimal("3.750001")),
    language_server_model="MODEL_PLACEHOLDER_M12",
    logprobs=True,
    enabled=False,
)


def row(**changes: Any) -> ServedModel:
    return ServedModel(**{"name": "ours", **row_values(OURS), **changes})


@pytest.mark.parametrize("profile", [OURS, *PROFILES], ids=lambda profile: profile.name)
def test_a_profile_comes_back_from_its_row(profile: ModelProfile) -> None:
    made = ServedModel(name=profile.name, **row_values(profile))
    made.full_clean()
    made.save()
    assert ServedModel.objects.get(name=profile.name).profile() == profile


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": "models/ours"}),
        ("name", {"name": "our model"}),
        ("upstream_name", {"upstream_name": "tuned/ours"}),
        ("upstream_name", {"upstream_name": "ours?alt=sse"}),
        ("aliases", {"aliases": "mine"}),
        ("aliases", {"aliases": ["my own"]}),
        ("aliases", {"aliases": [1]}),
        ("aliases", {"aliases": ["mine", "mine"]}),
        ("aliases", {"aliases": ["ours"]}),
        ("aliases", {"aliases": ["x" * 129]}),
        ("input_kinds", {"input_kinds": ["image", "smell"]}),
        ("input_kinds", {"input_kinds": {"image": True}}),
        ("thinking", {"thinking": {"levels": []}}),
        ("thinking", {"thinking_kind": "budget"}),
        ("input_price", {"output_price": None}),
        ("output_price", {"output_price": Decimal(-1)}),
        ("context_limit", {"context_limit": 0}),
        ("generation", {"generation": "5"}),
    ],
)
def test_what_makes_no_sense_is_refused(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        row(**changes).full_clean()
    assert field in caught.value.message_dict


def test_a_name_belongs_to_one_model() -> None:
    ServedModel.objects.create(name="theirs", **{**row_values(OURS), "aliases": ["shared"]})
    for field, changes in (
        ("name", {"name": "shared"}),
        ("name", {"name": "theirs"}),
        ("aliases", {"aliases": ["theirs"]}),
        ("aliases", {"aliases": ["mine", "shared"]}),
    ):
        with pytest.raises(ValidationError) as caught:
            row(**changes).full_clean()
        assert list(caught.value.message_dict) == [field]


def test_a_stored_model_does_not_conflict_with_itself() -> None:
    made = row()
    made.save()
    made.full_clean()


def test_prices_written_in_part_are_no_prices() -> None:
    assert row(output_price=None).profile().prices is None

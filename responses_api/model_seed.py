"""Keeps the table of models in step with the built-in ones, without touching what people edited.

Safe to run at any time, any number of times, in several processes at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from responses_api.gemini.models import PROFILES, ModelProfile
from responses_api.models import ServedModel
from responses_api.models.catalogue import row_values


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a run did to the table."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    kept: tuple[str, ...]
    """Built-in models that somebody has edited, left as they are."""


def seed_models(profiles: Iterable[ModelProfile] = PROFILES) -> Seeded:
    """Add the models that are missing and update those that nobody has edited."""
    stored = {row.name: row for row in ServedModel.objects.all()}
    taken = _taken(row for row in stored.values() if row.customised)
    wanted = [_without_aliases(profile, taken) for profile in profiles]
    missing = [profile for profile in wanted if profile.name not in stored]
    ServedModel.objects.bulk_create(
        [ServedModel(name=profile.name, **row_values(profile)) for profile in missing], ignore_conflicts=True
    )
    updated, kept = [], []
    for profile in wanted:
        row = stored.get(profile.name)
        if row is not None and row.customised:
            kept.append(profile.name)
        elif row is not None and _differs(row, profile):
            rows = ServedModel.objects.filter(name=profile.name, customised=False)
            if rows.update(**row_values(profile)):
                updated.append(profile.name)
    return Seeded(tuple(profile.name for profile in missing), tuple(updated), tuple(kept))


def reset_model(name: str) -> bool:
    """Make the built-in model ``name`` what it was at first; False if there is no such built-in model."""
    for profile in PROFILES:
        if profile.name == name:
            others = _taken(ServedModel.objects.filter(customised=True).exclude(name=name))
            values = {**row_values(_without_aliases(profile, others)), "customised": False}
            ServedModel.objects.update_or_create(name=name, defaults=values)
            return True
    return False


def _taken(rows: Iterable[ServedModel]) -> set[str]:
    return {name for row in rows for name in (row.name, *row.aliases)}


def _without_aliases(profile: ModelProfile, taken: set[str]) -> ModelProfile:
    """A name that an operator has given to another model stays there."""
    return replace(profile, aliases=tuple(alias for alias in profile.aliases if alias not in taken))


def _differs(row: ServedModel, profile: ModelProfile) -> bool:
    return any(getattr(row, column) != value for column, value in row_values(profile).items())

"""The models that an installation starts with, and safe defaults for newer ones.

Pure. A table, because the upstream's own list tells neither thinking levels nor capabilities.

Source: Gemini API model and deprecation pages, Vertex AI model guides, November 2026.
``created`` is the announced release day; the upstream gives none.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from responses_api.gemini.model_profile import MEDIA, Generation, ModelProfile
from responses_api.gemini.thinking import BudgetControl, LevelControl, NoControl, ThinkingControl

_MODERN = {"json_with_functions": True, "hosted_with_functions": True, "media": frozenset(MEDIA)}
_CAPABILITIES: Mapping[Generation, Mapping[str, Any]] = {
    Generation.G2: {"media": frozenset(MEDIA)},
    Generation.G3: _MODERN,
    Generation.G4: {**_MODERN, "continuation": True},
    Generation.GEMMA: {
        "media": frozenset({"image", "video"}),
        "context_limit": 262_144,
        "output_limit": 32_768,
    },
}
_IMAGE_MODEL: Mapping[str, Any] = {
    "image_output": True,
    "json_with_functions": False,
    "hosted_with_functions": False,
    "media": frozenset({"image"}),
    "continuation": False,
    "output_limit": 32_768,
}


def _model(
    name: str, generation: Generation, thinking: ThinkingControl, created: date, **rest: Any
) -> ModelProfile:
    """A profile with what its generation can do, unless ``rest`` says otherwise."""
    return ModelProfile(name, generation, thinking, created, **{**_CAPABILITIES[generation], **rest})


def _gemini_4(name: str, thinking: ThinkingControl, created: date) -> ModelProfile:
    return _model(name, Generation.G4, thinking, created)


def _gemini_3(name: str, thinking: ThinkingControl, created: date, *aliases: str) -> ModelProfile:
    return _model(name, Generation.G3, thinking, created, aliases=aliases)


def _gemini_2(name: str, thinking: ThinkingControl, created: date) -> ModelProfile:
    return _model(name, Generation.G2, thinking, created)


def _gemma(name: str, thinking: ThinkingControl, created: date) -> ModelProfile:
    return _model(name, Generation.GEMMA, thinking, created)


def _image_model(
    name: str, generation: Generation, thinking: ThinkingControl, created: date, **rest: Any
) -> ModelProfile:
    return _model(name, generation, thinking, created, **{**_IMAGE_MODEL, **rest})


def _budgets(none: int, minimal: int, maximum: int) -> Mapping[str, int]:
    return MappingProxyType(
        {
            "none": none,
            "minimal": minimal,
            "low": 2048,
            "medium": 8192,
            "high": maximum,
            "xhigh": maximum,
            "max": maximum,
        }
    )


_FROM_LOW = ("low", "medium", "high")
_FROM_MINIMAL = ("minimal", "low", "medium", "high")
_EXTREMES = LevelControl(("minimal", "high"), None)
_PICTURES = frozenset({"image", "pdf"})
_FLASH_BUDGET = BudgetControl(1, 24576, _budgets(0, 128, 24576), -1)

PROFILES: tuple[ModelProfile, ...] = (
    _gemini_4("gemini-4-hydrogen", LevelControl((*_FROM_LOW, "xhigh"), "high"), date(2026, 11, 12)),
    _gemini_4("gemini-4-carbon", LevelControl(_FROM_LOW, "medium"), date(2026, 10, 13)),
    _gemini_4("gemini-4-argon", LevelControl(_FROM_LOW, "medium"), date(2026, 10, 13)),
    _gemini_3("gemini-3.8-flash", LevelControl(_FROM_LOW, "medium"), date(2026, 9, 2), "gemini-flash-latest"),
    _gemini_3("gemini-3.7-flash", LevelControl(_FROM_LOW, "medium"), date(2026, 8, 13)),
    _gemini_3("gemini-3.6-flash", LevelControl(_FROM_MINIMAL, "medium"), date(2026, 7, 21)),
    _gemini_3("gemini-3.5-flash", LevelControl(_FROM_MINIMAL, "medium"), date(2026, 5, 19)),
    _gemini_3(
        "gemini-3.5-flash-lite",
        LevelControl(_FROM_MINIMAL, "minimal"),
        date(2026, 7, 21),
        "gemini-flash-lite-latest",
    ),
    _gemini_3("gemini-3.1-flash-lite", LevelControl(_FROM_MINIMAL, "minimal"), date(2026, 5, 7)),
    _gemini_3(
        "gemini-3.1-pro-preview", LevelControl(_FROM_LOW, "high"), date(2026, 2, 19), "gemini-pro-latest"
    ),
    _gemini_3("gemini-3.1-pro-preview-customtools", LevelControl(_FROM_LOW, "high"), date(2026, 2, 19)),
    _gemini_3("gemini-3-flash-preview", LevelControl(_FROM_MINIMAL, "high"), date(2025, 12, 17)),
    _gemini_2("gemini-2.5-pro", BudgetControl(128, 32768, _budgets(128, 128, 32768), -1), date(2025, 6, 17)),
    _gemini_2("gemini-2.5-flash", _FLASH_BUDGET, date(2025, 6, 17)),
    _gemini_2(
        "gemini-2.5-flash-lite", BudgetControl(512, 24576, _budgets(0, 512, 24576), 0), date(2025, 7, 22)
    ),
    _gemma("gemma-4-31b-it", _EXTREMES, date(2026, 4, 2)),
    _gemma("gemma-4-26b-a4b-it", _EXTREMES, date(2026, 4, 2)),
    _image_model(
        "gemini-nano-banana-2.1",
        Generation.G3,
        LevelControl(("minimal", "medium", "high"), "medium"),
        date(2026, 10, 7),
        media=_PICTURES,
        context_limit=131_072,
    ),
    _image_model(
        "gemini-3.1-flash-image",
        Generation.G3,
        LevelControl(("minimal", "high"), "minimal"),
        date(2026, 2, 26),
        media=_PICTURES,
        context_limit=131_072,
    ),
    _image_model(
        "gemini-3.1-flash-lite-image",
        Generation.G3,
        LevelControl(("minimal", "high"), "minimal"),
        date(2026, 6, 30),
        context_limit=65_536,
        output_limit=4_096,
    ),
    _image_model(
        "gemini-3-pro-image",
        Generation.G3,
        NoControl(thinks=True),
        date(2025, 11, 20),
        media=_PICTURES,
        context_limit=65_536,
    ),
    _image_model(
        "gemini-2.5-flash-image",
        Generation.G2,
        NoControl(thinks=False),
        date(2025, 10, 2),
        context_limit=32_768,
    ),
)
"""Newest family first, models that make images last. The ``-latest`` aliases are resolved here and
not upstream, so that thinking levels and signatures follow the model that really answers."""

UNKNOWN_RELEASE = date(1970, 1, 1)
_NEWER = re.compile(r"(gemini|gemma)-([1-9]\d?)(?:\.\d{1,2})?(?:-[a-z0-9.]+)+")
_LONGEST_NAME = 100
_OLDEST_GEMINI, _OLDEST_GEMMA, _OLDEST_THINKING_GEMMA = 2, 3, 4


def newer_model(name: str) -> ModelProfile | None:
    """A profile with safe defaults for a model that came out after this table was written.

    Returns:
        What the model's generation is known to do, thinking from level low; a generation above
        the newest counts as the newest. None unless the name is one of the Gemini or Gemma
        families, ``gemini-5-flash``.
    """
    match = _NEWER.fullmatch(name) if len(name) <= _LONGEST_NAME else None
    if match is None:
        return None
    family, number = match[1], int(match[2])
    profile = _of_gemma(name, number) if family == "gemma" else _of_gemini(name, number)
    if profile is not None and "image" in name.split("-"):
        return replace(profile, **_IMAGE_MODEL)
    return profile


def _of_gemini(name: str, number: int) -> ModelProfile | None:
    if number < _OLDEST_GEMINI:
        return None
    if number == _OLDEST_GEMINI:
        return _gemini_2(name, _FLASH_BUDGET, UNKNOWN_RELEASE)
    thinking = LevelControl(_FROM_LOW, None)
    return (_gemini_3 if number == 3 else _gemini_4)(name, thinking, UNKNOWN_RELEASE)


def _of_gemma(name: str, number: int) -> ModelProfile | None:
    if number < _OLDEST_GEMMA:
        return None
    return _gemma(
        name, _EXTREMES if number >= _OLDEST_THINKING_GEMMA else NoControl(thinks=False), UNKNOWN_RELEASE
    )

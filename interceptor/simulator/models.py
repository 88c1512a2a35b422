"""The models that the simulator knows, with the limits and controls Google documents (Nov 2026).

Pure. Sources: the models, thinking-control and deprecation pages of ai.google.dev.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from .values import JsonObject

MINIMAL, LOW, MEDIUM, HIGH, XHIGH = "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"
_MILLION = 1_048_576


@dataclass(frozen=True, slots=True)
class Levels:
    """Thinking is set by ``thinkingLevel``."""

    accepted: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class Budget:
    """Thinking is set by ``thinkingBudget``: -1 (dynamic), 0 if ``may_be_off``, or low..high tokens."""

    low: int
    high: int
    may_be_off: bool
    default: int = -1


@dataclass(frozen=True, slots=True)
class Model:
    """A model.

    Attributes:
        id: bare id, without ``models/``.
        line: models of one line read each other's thought signatures.
        thinking: how its thinking is controlled; None: it does not think.
        input_limit: most tokens of a prompt.
        output_limit: most tokens of one answer, thoughts included.
        gives_logprobs: whether ``responseLogprobs`` is enabled.
        makes_images: whether it answers with pictures, and neither calls functions nor writes JSON.
    """

    id: str
    line: str
    thinking: Levels | Budget | None
    input_limit: int = _MILLION
    output_limit: int = 65_536
    gives_logprobs: bool = False
    makes_images: bool = False

    @property
    def is_gemini_2(self) -> bool:
        """Whether the older rules hold: optional signatures, no call ids, no mixing of tools."""
        return self.line.startswith("gemini-2.5")

    @property
    def is_gemini_4(self) -> bool:
        """Whether the newest rules hold: no budget, no explicit cache, continuation tokens."""
        return self.line == "gemini-4"

    @property
    def needs_signatures(self) -> bool:
        """Whether a function call of the current turn must come back with its thought signature."""
        return self.line in {"gemini-3", "gemini-4"}

    def to_json(self) -> JsonObject:
        """The Model resource of ``GET /models``."""
        return {
            "name": f"models/{self.id}",
            "version": "001",
            "displayName": self.id.replace("-", " ").title(),
            "description": "Simulated.",
            "inputTokenLimit": self.input_limit,
            "outputTokenLimit": self.output_limit,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "temperature": 1,
            "maxTemperature": 2,
            "topP": 0.95,
            "topK": 64,
            "thinking": self.thinking is not None,
        }


class _Sizes(TypedDict):
    input_limit: int
    output_limit: int
    makes_images: bool


_LOW_TO_HIGH = (LOW, MEDIUM, HIGH)
_MINIMAL_TO_HIGH = (MINIMAL, LOW, MEDIUM, HIGH)


def _catalogue() -> Iterator[Model]:
    yield Model("gemini-4-hydrogen", "gemini-4", Levels((LOW, MEDIUM, HIGH, XHIGH), HIGH))
    for name in ("carbon", "argon"):
        yield Model(f"gemini-4-{name}", "gemini-4", Levels(_LOW_TO_HIGH, MEDIUM))
    for name in ("gemini-3.8-flash", "gemini-3.7-flash"):
        yield Model(name, "gemini-3", Levels(_LOW_TO_HIGH, MEDIUM))
    yield Model("gemini-3.6-flash", "gemini-3", Levels(_MINIMAL_TO_HIGH, MEDIUM))
    yield Model("gemini-3.5-flash", "gemini-3", Levels(_MINIMAL_TO_HIGH, MEDIUM), gives_logprobs=True)
    for name in ("gemini-3.5-flash-lite", "gemini-3.1-flash-lite"):
        yield Model(name, "gemini-3", Levels(_MINIMAL_TO_HIGH, MINIMAL))
    for name in ("gemini-3.1-pro-preview", "gemini-3.1-pro-preview-customtools"):
        yield Model(name, "gemini-3", Levels(_LOW_TO_HIGH, HIGH))
    yield Model("gemini-3-flash-preview", "gemini-3", Levels(_MINIMAL_TO_HIGH, HIGH))
    yield Model("gemini-2.5-pro", "gemini-2.5", Budget(128, 32_768, may_be_off=False))
    flash, lite = Budget(1, 24_576, may_be_off=True), Budget(512, 24_576, may_be_off=True, default=0)
    yield Model("gemini-2.5-flash", "gemini-2.5", flash, gives_logprobs=True)
    yield Model("gemini-2.5-flash-lite", "gemini-2.5", lite, gives_logprobs=True)
    for name in ("gemma-4-31b-it", "gemma-4-26b-a4b-it"):
        yield Model(name, "gemma-4", Levels((MINIMAL, HIGH), HIGH), 262_144, 32_768)
    yield from _image_models()


def _image_models() -> Iterator[Model]:
    sizes: _Sizes = {"input_limit": 65_536, "output_limit": 32_768, "makes_images": True}
    yield Model("gemini-3-pro-image", "gemini-3-image", Levels((LOW, HIGH), HIGH), **sizes)
    for name in ("gemini-3.1-flash-image", "gemini-3.1-flash-lite-image", "gemini-nano-banana-2.1"):
        yield Model(name, "gemini-3-image", Levels((MINIMAL, HIGH), MINIMAL), **sizes)
    yield Model("gemini-2.5-flash-image", "gemini-2.5-image", None, **sizes)


MODELS: dict[str, Model] = {model.id: model for model in _catalogue()}
ALIASES: dict[str, str] = {
    "gemini-pro-latest": "gemini-3.1-pro-preview",
    "gemini-flash-latest": "gemini-3.8-flash",
    "gemini-flash-lite-latest": "gemini-3.5-flash-lite",
}
"""Names that only v1beta resolves."""


def find_model(name: str, version: str) -> Model | None:
    """The model called ``name`` (bare id) in API ``version``, or None."""
    if version == "v1beta":
        name = ALIASES.get(name, name)
    return MODELS.get(name)

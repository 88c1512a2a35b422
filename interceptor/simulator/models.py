"""The models that the simulator knows, with the limits and controls Google documents (Nov 2026).

Pure. Sources: the models, thinking-control and deprecation pages of ai.google.dev.
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
        thinking: how its thinking is controlled.
        input_limit: most tokens of a prompt.
        output_limit: most tokens of one answer, thoughts included.
    """

    id: str
    line: str
    thinking: Levels | Budget
    input_limit: int = _MILLION
    output_limit: int = 65_536

    @property
    def is_gemini_2(self) -> bool:
        """Whether the older rules hold: optional signatures, no call ids, no mixing of tools."""
        return self.line == "gemini-2.5"

    @property
    def is_gemini_4(self) -> bool:
        """Whether the newest rules hold: no budget, no explicit cache, continuation tokens."""
        return self.line == "gemini-4"

    @property
    def needs_signatures(self) -> bool:
        """Whether a function call of the current turn must come back with its thought signature."""
        return self.line in {"gemini-3", "gemini-4"}

    @property
    def gives_logprobs(self) -> bool:
        """Whether ``responseLogprobs`` is enabled."""
        return self.is_gemini_2

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
            "thinking": True,
        }


_LOW_TO_HIGH = (LOW, MEDIUM, HIGH)
_MINIMAL_TO_HIGH = (MINIMAL, LOW, MEDIUM, HIGH)


def _catalogue() -> Iterator[Model]:
    yield Model("gemini-4-hydrogen", "gemini-4", Levels((LOW, MEDIUM, HIGH, XHIGH), HIGH))
    for name in ("carbon", "argon"):
        yield Model(f"gemini-4-{name}", "gemini-4", Levels(_LOW_TO_HIGH, MEDIUM))
    for name in ("gemini-3.8-flash", "gemini-3.7-flash"):
        yield Model(name, "gemini-3", Levels(_LOW_TO_HIGH, MEDIUM))
    for name in ("gemini-3.6-flash", "gemini-3.5-flash"):
        yield Model(name, "gemini-3", Levels(_MINIMAL_TO_HIGH, MEDIUM))
    for name in ("gemini-3.5-flash-lite", "gemini-3.1-flash-lite"):
        yield Model(name, "gemini-3", Levels(_MINIMAL_TO_HIGH, MINIMAL))
    for name in ("gemini-3.1-pro-preview", "gemini-3.1-pro-preview-customtools"):
        yield Model(name, "gemini-3", Levels(_LOW_TO_HIGH, HIGH))
    yield Model("gemini-3-flash-preview", "gemini-3", Levels(_MINIMAL_TO_HIGH, HIGH))
    yield Model("gemini-2.5-pro", "gemini-2.5", Budget(128, 32_768, may_be_off=False))
    yield Model("gemini-2.5-flash", "gemini-2.5", Budget(1, 24_576, may_be_off=True))
    yield Model("gemini-2.5-flash-lite", "gemini-2.5", Budget(512, 24_576, may_be_off=True, default=0))
    for name in ("gemma-4-31b-it", "gemma-4-26b-a4b-it"):
        yield Model(name, "gemma-4", Levels((MINIMAL, HIGH), HIGH), 262_144, 32_768)


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

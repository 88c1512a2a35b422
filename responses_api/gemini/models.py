"""The models that this gateway serves, and how a client's model name finds one.

Pure. A table, because the upstream's own list tells neither thinking levels nor defaults.
Text models only.

Source: Gemini API model and deprecation pages, Vertex AI model guides, November 2026.
``created`` is the announced release day; the upstream gives none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.thinking import BudgetControl, LevelControl, ThinkingControl

DEFAULT_MODEL = "gemini-3.8-flash"


class Generation(Enum):
    """A generation of models; the protocol's rules differ between them, not between models."""

    G2 = "2.x"
    G3 = "3.x"
    G4 = "4"
    GEMMA = "gemma"


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What the translation has to know about one model."""

    name: str
    """Public id, as clients write it."""
    generation: Generation
    thinking: ThinkingControl
    created: date
    upstream_name: str = ""
    """Id towards the upstream, without ``models/``. The public id unless given."""
    aliases: tuple[str, ...] = ()
    context_limit: int = 1_048_576
    """Tokens of input (Gemini 4: of input and output together)."""
    output_limit: int = 65_536
    """Tokens of output, thoughts included (Gemini 4: of one upstream call)."""

    def __post_init__(self) -> None:
        if not self.upstream_name:
            object.__setattr__(self, "upstream_name", self.name)

    @property
    def is_modern(self) -> bool:
        """Gemini 3 and later: call ids, checked signatures, VALIDATED mode, media in results."""
        return self.generation in (Generation.G3, Generation.G4)

    @property
    def has_system_slot(self) -> bool:
        """Whether ``systemInstruction`` is taken; Gemma reads it from the first user turn."""
        return self.generation is not Generation.GEMMA

    def signs_like(self, other: str | None) -> bool:
        """Whether a thought signature made by the model ``other`` is good for this one."""
        return other is not None and model_line(other) == model_line(self.upstream_name)


_LINE = re.compile(r"(gemini|gemma)-(\d+)(?:\.\d+)?-([a-z]+(?:-lite)?)")


def model_line(name: str) -> tuple[str, ...]:
    """Family, generation and size of a model; thought signatures travel only inside one line.

    ``models/gemini-3.8-flash-002`` is of the line ``("gemini", "3", "flash")``. A name of
    another form is a line of its own.
    """
    bare = name.rpartition("/")[2]
    match = _LINE.match(bare)
    return match.groups() if match else (bare,)


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

PROFILES: tuple[ModelProfile, ...] = (
    ModelProfile(
        "gemini-4-hydrogen", Generation.G4, LevelControl((*_FROM_LOW, "xhigh"), "high"), date(2026, 11, 12)
    ),
    ModelProfile("gemini-4-carbon", Generation.G4, LevelControl(_FROM_LOW, "medium"), date(2026, 10, 13)),
    ModelProfile("gemini-4-argon", Generation.G4, LevelControl(_FROM_LOW, "medium"), date(2026, 10, 13)),
    ModelProfile(
        "gemini-3.8-flash",
        Generation.G3,
        LevelControl(_FROM_LOW, "medium"),
        date(2026, 9, 2),
        aliases=("gemini-flash-latest",),
    ),
    ModelProfile("gemini-3.7-flash", Generation.G3, LevelControl(_FROM_LOW, "medium"), date(2026, 8, 13)),
    ModelProfile("gemini-3.6-flash", Generation.G3, LevelControl(_FROM_MINIMAL, "medium"), date(2026, 7, 21)),
    ModelProfile("gemini-3.5-flash", Generation.G3, LevelControl(_FROM_MINIMAL, "medium"), date(2026, 5, 19)),
    ModelProfile(
        "gemini-3.5-flash-lite",
        Generation.G3,
        LevelControl(_FROM_MINIMAL, "minimal"),
        date(2026, 7, 21),
        aliases=("gemini-flash-lite-latest",),
    ),
    ModelProfile(
        "gemini-3.1-flash-lite", Generation.G3, LevelControl(_FROM_MINIMAL, "minimal"), date(2026, 5, 7)
    ),
    ModelProfile(
        "gemini-3.1-pro-preview",
        Generation.G3,
        LevelControl(_FROM_LOW, "high"),
        date(2026, 2, 19),
        aliases=("gemini-pro-latest",),
    ),
    ModelProfile(
        "gemini-3.1-pro-preview-customtools",
        Generation.G3,
        LevelControl(_FROM_LOW, "high"),
        date(2026, 2, 19),
    ),
    ModelProfile(
        "gemini-3-flash-preview", Generation.G3, LevelControl(_FROM_MINIMAL, "high"), date(2025, 12, 17)
    ),
    ModelProfile(
        "gemini-2.5-pro",
        Generation.G2,
        BudgetControl(128, 32768, _budgets(128, 128, 32768), -1),
        date(2025, 6, 17),
    ),
    ModelProfile(
        "gemini-2.5-flash",
        Generation.G2,
        BudgetControl(1, 24576, _budgets(0, 128, 24576), -1),
        date(2025, 6, 17),
    ),
    ModelProfile(
        "gemini-2.5-flash-lite",
        Generation.G2,
        BudgetControl(512, 24576, _budgets(0, 512, 24576), 0),
        date(2025, 7, 22),
    ),
    ModelProfile(
        "gemma-4-31b-it",
        Generation.GEMMA,
        LevelControl(("minimal", "high"), None),
        date(2026, 4, 2),
        context_limit=262_144,
        output_limit=32_768,
    ),
    ModelProfile(
        "gemma-4-26b-a4b-it",
        Generation.GEMMA,
        LevelControl(("minimal", "high"), None),
        date(2026, 4, 2),
        context_limit=262_144,
        output_limit=32_768,
    ),
)
"""Every model served, newest family first. The ``-latest`` aliases are resolved here and not
upstream, so that thinking levels and signatures follow the model that really answers."""


class ModelCatalogue:
    """Finds the profile for the name that a client sent."""

    def __init__(
        self,
        profiles: Iterable[ModelProfile] = PROFILES,
        *,
        default: str = DEFAULT_MODEL,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        """Build a catalogue.

        Args:
            profiles: The models served.
            default: Name or alias of the model for requests that name none.
            aliases: More names, for instance ``{"gpt-5": "gemini-3.8-flash"}``; they win over
                the profiles' own aliases, not over their names.

        Raises:
            ValueError: the default or an alias names a model that is not among ``profiles``.
        """
        self.profiles = tuple(profiles)
        self._by_name = {alias: profile for profile in self.profiles for alias in profile.aliases}
        names = {profile.name: profile for profile in self.profiles}
        for alias, target in (aliases or {}).items():
            self._by_name[alias] = self._known(names, target, f"alias {alias!r}")
        self._by_name |= names
        self.default = self._known(self._by_name, default, "the default model")

    def resolve(self, name: str | None) -> ModelProfile:
        """The profile for ``name`` (an id, an alias, or ``models/`` and an id); None = the default.

        Raises:
            InvalidRequest: ``model_not_found``; the message lists what there is.
        """
        if name is None:
            return self.default
        profile = self._by_name.get(name) or self._by_name.get(name.removeprefix("models/"))
        if profile is None:
            available = ", ".join(sorted({known.name for known in self.profiles}))
            raise InvalidRequest(
                f"The requested model '{name}' does not exist. Available models: {available}.",
                param="model",
                code="model_not_found",
            )
        return profile

    @staticmethod
    def _known(names: Mapping[str, ModelProfile], target: str, what: str) -> ModelProfile:
        if target not in names:
            raise ValueError(f"{what} names the model {target!r}, which is not in the catalogue")
        return names[target]

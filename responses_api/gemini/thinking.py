"""How hard the model shall think: ``reasoning.effort`` as a thinking level or budget.

Pure. Gemini 3 and later (and Gemma 4) take a *level*, Gemini 2.5 takes a *budget* of tokens;
a request with both is refused upstream, hence the closed union.

Source: Gemini API "Gemini thinking" guide and model pages, November 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""All values of ``reasoning.effort``, weakest first."""


@dataclass(frozen=True, slots=True)
class LevelControl:
    """A model that takes ``thinkingLevel``."""

    levels: tuple[str, ...]
    """Levels that the model accepts, weakest first; named like efforts."""
    default: str | None
    """The level that it uses when none is sent, where known."""

    def level_for(self, effort: str) -> str:
        """The accepted level nearest to ``effort``; of two equally near ones the stronger."""
        rank = EFFORTS.index(effort)
        return min(reversed(self.levels), key=lambda level: abs(EFFORTS.index(level) - rank))


@dataclass(frozen=True, slots=True)
class BudgetControl:
    """A model that takes ``thinkingBudget``, in tokens."""

    minimum: int
    """Smallest budget that is not 0."""
    maximum: int
    budgets: Mapping[str, int]
    """Budget for every effort. 0 switches thinking off."""
    default: int
    """The budget that the model uses when none is sent; -1 = it decides."""


@dataclass(frozen=True, slots=True)
class NoControl:
    """A model whose thinking cannot be steered."""

    thinks: bool
    """Whether it has thoughts to show."""


type ThinkingControl = LevelControl | BudgetControl | NoControl


def thinking_config(
    control: ThinkingControl, effort: str | None, summary: str | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Build ``generationConfig.thinkingConfig``.

    Args:
        control: What the model accepts.
        effort: One of ``EFFORTS``, or None to leave the model's default.
        summary: ``reasoning.summary`` (auto, concise, detailed), or None for no thoughts.

    Returns:
        The config, empty if nothing is to be sent, and what was approximated.
    """
    config: dict[str, Any] = {}
    notes: list[str] = []
    if effort is not None:
        match control:
            case LevelControl():
                config["thinkingLevel"] = level = control.level_for(effort)
                if level != effort:
                    notes.append(f"reasoning.effort={effort} is sent as thinking level {level}")
            case BudgetControl():
                config["thinkingBudget"] = budget = control.budgets[effort]
                notes.append(f"reasoning.effort={effort} is sent as a thinking budget of {budget} tokens")
            case NoControl():
                notes.append(f"reasoning.effort={effort} is left out: the model's thinking cannot be steered")
            case _:
                assert_never(control)
    if summary is not None and control == NoControl(thinks=False):
        notes.append(f"reasoning.summary={summary} is left out: the model does not think")
    elif summary is not None:
        config["includeThoughts"] = True
        if summary != "auto":
            notes.append(
                f"reasoning.summary={summary} is sent as auto: summaries have no length control upstream"
            )
    return config, tuple(notes)

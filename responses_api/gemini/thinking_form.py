"""A thinking control in the form that people read and edit: its kind, and JSON.

Pure.

    levels   ``{"levels": ["low", "medium", "high"], "default": "medium"}``, default may be null
    budget   ``{"minimum": 1, "maximum": 24576, "budgets": {"none": 0, …, "max": 24576}, "default": -1}``
    none     ``{"thinks": false}``
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, assert_never

import msgspec

from responses_api.gemini.thinking import EFFORTS, BudgetControl, LevelControl, NoControl, ThinkingControl

_KINDS: Mapping[str, type[ThinkingControl]] = {
    "levels": LevelControl,
    "budget": BudgetControl,
    "none": NoControl,
}
THINKING_KINDS = tuple(_KINDS)


def to_form(control: ThinkingControl) -> tuple[str, dict[str, Any]]:
    """The kind of ``control`` and its JSON."""
    match control:
        case LevelControl(levels, default):
            return "levels", {"levels": list(levels), "default": default}
        case BudgetControl(minimum, maximum, budgets, default):
            return "budget", {
                "minimum": minimum,
                "maximum": maximum,
                "budgets": dict(budgets),
                "default": default,
            }
        case NoControl(thinks):
            return "none", {"thinks": thinks}
        case _:
            assert_never(control)


def from_form(kind: str, form: object) -> ThinkingControl:
    """The control that ``to_form`` would write so.

    Raises:
        ValueError: it makes no sense; the text says where, for the person who wrote it.
    """
    if kind not in _KINDS:
        raise ValueError(f"The kind is one of {', '.join(_KINDS)}, not {kind!r}.")
    names = {field.name for field in fields(_KINDS[kind])}
    if not isinstance(form, dict) or set(form) != names:
        raise ValueError(f"It has to be an object with exactly these members: {', '.join(sorted(names))}.")
    try:
        control = msgspec.convert(form, _KINDS[kind])
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    match control:
        case LevelControl():
            return _checked_levels(control)
        case BudgetControl():
            return _checked_budget(control)
        case NoControl():
            return control
        case _:
            assert_never(control)


def _checked_levels(control: LevelControl) -> LevelControl:
    levels = control.levels
    known = EFFORTS[1:]
    if not levels or len(set(levels)) < len(levels) or not set(levels) <= set(known):
        raise ValueError(f"levels: one or more of {', '.join(known)}, each once.")
    if control.default is not None and control.default not in levels:
        raise ValueError("default: one of the levels, or null.")
    return replace(control, levels=tuple(sorted(levels, key=known.index)))


def _checked_budget(control: BudgetControl) -> BudgetControl:
    if not 1 <= control.minimum <= control.maximum:
        raise ValueError("minimum: at least 1, and no more than maximum.")
    if set(control.budgets) != set(EFFORTS):
        raise ValueError(f"budgets: exactly one for each of {', '.join(EFFORTS)}.")
    for budget in (control.default, *control.budgets.values()):
        if budget not in (-1, 0) and not control.minimum <= budget <= control.maximum:
            raise ValueError(
                f"A budget is -1 (the model decides), 0 (off) or between minimum and maximum, not {budget}."
            )
    return control

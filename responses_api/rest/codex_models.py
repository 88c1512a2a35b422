"""The catalogue in the form that the Codex CLI asks for (``GET /v1/models?client_version=…``).

Codex drops the whole list if one entry lacks a field or has an unknown word in it. So every
field that any of its versions requires is given, and words only from the sets that all of
them know.

Source: openai/codex, codex-rs/protocol/src/openai_models.rs, ``ModelInfo``, at 0d4367d and in
later copies (they read ``model_messages`` and ``supports_reasoning_summary_parameter`` where
earlier ones read ``base_instructions`` and ``supports_reasoning_summaries``); values as in
router-for-me/CLIProxyAPI, internal/registry/models/codex_client_models.json, at 67519b4.
"""

from typing import Any, assert_never

from responses_api.gemini.models import ModelCatalogue, ModelProfile
from responses_api.gemini.thinking import BudgetControl, LevelControl, NoControl, ThinkingControl

_EFFORTS = {
    "none": "Answers without thinking",
    "minimal": "Thinks as little as possible",
    "low": "Fast answers with little thinking",
    "medium": "Balances speed and depth",
    "high": "Thinks deeply, for complex problems",
    "xhigh": "Thinks as deeply as it can",
}
"""The efforts that every version of Codex knows."""
_BUDGET_EFFORTS = ("low", "medium", "high")

_INSTRUCTIONS = """\
You are a coding agent in the Codex CLI, working with the user in their terminal and in their repository.

- Work on until the request is done, then say in a few sentences what you did and what you saw. Ask only \
when you cannot go on without an answer.
- Read the code that you are about to change, and keep to its conventions. Change no more than the task needs.
- Use the tools that you are given, by their exact names. Call what is independent together.
- Change files with apply_patch where it is offered. Search with rg.
- The working tree may hold changes that are not yours: never revert them, and make no commit unless asked.
- Follow AGENTS.md files: each holds for the folder that it is in, and the nearest one wins.
- Check your work with the project's own tests and tools. Say plainly what you could not check.
- Keep a plan with update_plan if the task has several steps, and keep it up to date.
"""


def codex_models(catalogue: ModelCatalogue) -> dict[str, Any]:
    """``ModelsResponse``: the models served, the installation's default first."""
    default = catalogue.default()
    rest = [profile for profile in catalogue.profiles if profile is not default]
    ordered = rest if default is None else [default, *rest]
    return {"models": [_model_info(profile, priority) for priority, profile in enumerate(ordered, start=1)]}


def _model_info(profile: ModelProfile, priority: int) -> dict[str, Any]:
    efforts = _efforts(profile.thinking)
    return {
        "slug": profile.name,
        "display_name": profile.name.replace("-", " ").title(),
        "description": f"{profile.context_limit:,} tokens of context.",
        "supported_reasoning_levels": [
            {"effort": effort, "description": _EFFORTS[effort]} for effort in efforts
        ],
        **_default_effort(profile.thinking),
        "shell_type": "unified_exec",
        # Models that make images call no functions.
        "visibility": "hide" if profile.image_output else "list",
        "supported_in_api": True,
        "priority": priority,
        "availability_nux": None,
        "upgrade": None,
        "base_instructions": _INSTRUCTIONS,
        "model_messages": {"instructions_template": _INSTRUCTIONS, "instructions_variables": None},
        "supports_reasoning_summaries": bool(efforts),
        "supports_reasoning_summary_parameter": bool(efforts),
        "default_reasoning_summary": "auto" if efforts else "none",
        "support_verbosity": False,
        "default_verbosity": None,
        "apply_patch_tool_type": "freeform",
        "web_search_tool_type": "text",
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "supports_parallel_tool_calls": True,
        "supports_image_detail_original": profile.is_modern and "image" in profile.media,
        "context_window": profile.context_limit,
        "max_context_window": profile.context_limit,
        "auto_compact_token_limit": None,
        "effective_context_window_percent": 95,
        "experimental_supported_tools": [],
        "input_modalities": ["text", "image"] if "image" in profile.media else ["text"],
        "supports_search_tool": False,
    }


def _efforts(control: ThinkingControl) -> tuple[str, ...]:
    match control:
        case LevelControl(levels):
            return tuple(level for level in levels if level in _EFFORTS)
        case BudgetControl(budgets=budgets):
            return ("none", *_BUDGET_EFFORTS) if budgets["none"] == 0 else _BUDGET_EFFORTS
        case NoControl():
            return ()
        case _:
            assert_never(control)


def _default_effort(control: ThinkingControl) -> dict[str, str]:
    """The member ``default_reasoning_level``: Codex sends it where its user has chosen none."""
    efforts = _efforts(control)
    match control:
        case LevelControl(default=str(default)) if default in efforts:
            return {"default_reasoning_level": default}
        case BudgetControl(default=0) if "none" in efforts:
            return {"default_reasoning_level": "none"}
        case _ if "medium" in efforts:
            return {"default_reasoning_level": "medium"}
        case _ if efforts:
            return {"default_reasoning_level": efforts[-1]}
        case _:
            return {}

"""The request that the language server makes of a model for a cascade.

Pure. Behind the interceptor it is a placeholder: only the last user turn matters there, which
carries the user's texts as they are, one part each. Without one it is the real request.
"""

from collections.abc import Sequence
from typing import Any, assert_never

import msgspec

from .steps import ErrorMessage, PlannerResponse, Step, UserInput

SYSTEM_INSTRUCTION = "You are an assistant in a developer's tools. Answer the user's message."
_NO_ANSWER = "(no answer)"


def build_request(steps: Sequence[Step], thinking_budget: int | None) -> bytes:
    """The JSON body of a generate call over the conversation in ``steps``.

    Args:
        steps: All steps of the cascade; the last one that speaks is the user's.
        thinking_budget: Tokens the model may think; None leaves it to the model.
    """
    thinking: dict[str, Any] = {"includeThoughts": True}
    if thinking_budget is not None:
        thinking["thinkingBudget"] = thinking_budget
    return msgspec.json.encode(
        {
            "contents": _contents(steps),
            "systemInstruction": {"parts": [{"text": SYSTEM_INSTRUCTION}]},
            "generationConfig": {"thinkingConfig": thinking},
        }
    )


def _contents(steps: Sequence[Step]) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    for step in steps:
        match step:
            case UserInput():
                # Turns must alternate, and merging would alter the user's own turn.
                if contents and contents[-1]["role"] == "user":
                    contents.append(_turn("model", _NO_ANSWER))
                contents.append(_turn("user", *step.texts))
            case PlannerResponse():
                if step.text:
                    contents.append(_turn("model", str(step.text)))
            case ErrorMessage():
                pass
            case _:
                assert_never(step)
    return contents


def _turn(role: str, *texts: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text} for text in texts]}

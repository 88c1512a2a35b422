"""What a request may say of the prompt template that it uses."""

from typing import Any

import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.core.prompt_reference import prompt_of

PNG = "data:image/png;base64,aW1n"
IMAGE = {"type": "input_image", "image_url": PNG, "detail": "low"}


@pytest.mark.parametrize("body", [{}, {"prompt": None}, [], None, "prompt"])
def test_there_may_be_none(body: object) -> None:
    assert prompt_of(body) is None


def test_all_there_can_be() -> None:
    given = {"id": "pmpt_1", "version": "2", "variables": {"city": "Rome", "photo": IMAGE}}
    prompt = prompt_of({"prompt": given, "input": 5})
    assert prompt is not None
    assert prompt.model_dump() == given


WRONG: list[tuple[Any, str, str, str]] = [
    (
        "pmpt_1",
        "prompt",
        "invalid_type",
        "Invalid type for 'prompt': expected an object, but got a string instead.",
    ),
    ({}, "prompt.id", "missing_required_parameter", "Missing required parameter: 'prompt.id'."),
    ({"id": "p", "vars": {}}, "prompt.vars", "unknown_parameter", "Unknown parameter: 'prompt.vars'."),
    (
        {"id": "p", "variables": {"n": 5}},
        "prompt.variables.n",
        "invalid_type",
        "Invalid type for 'prompt.variables.n': expected one of a string or object, but got an integer instead.",
    ),
    (
        {"id": "p", "variables": {"n": {"type": "output_text", "text": "x"}}},
        "prompt.variables.n.type",
        "invalid_value",
        "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
    ),
    (
        {"id": "p", "variables": {"n": {"type": "input_image"}}},
        "prompt.variables.n.image_url",
        "missing_required_parameter",
        "Missing required parameter: 'prompt.variables.n.image_url'.",
    ),
]


@pytest.mark.parametrize(("given", "param", "code", "message"), WRONG)
def test_a_fault_is_named(given: object, param: str, code: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        prompt_of({"prompt": given})
    error = caught.value
    assert (error.param, error.code, error.message) == (param, code, message)

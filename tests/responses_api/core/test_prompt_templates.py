"""Prompt templates: what they may hold, and the request that comes of one."""

from typing import Any

import pytest

from responses_api.core import prompt_templates
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import InvalidRequest
from responses_api.core.prompt_reference import prompt_of
from responses_api.core.prompt_templates import fill_in, parse_template

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "low"}
FILE = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aW1n"}


def filled(
    template: dict[str, Any], variables: dict[str, Any] | None = None, **request: Any
) -> CreateRequest:
    body = {"prompt": {"id": "pmpt_1", "variables": variables}, **request}
    prompt = prompt_of(body)
    assert prompt is not None
    return fill_in(body, prompt, parse_template(template))


def refused(
    template: dict[str, Any], variables: dict[str, Any] | None = None, **request: Any
) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        filled(template, variables, **request)
    return caught.value


def texts(request: CreateRequest) -> list[tuple[str, str]]:
    return [(item["role"], part["text"]) for item in request.input for part in item["content"]]


def test_a_template_says_what_the_request_leaves_unsaid() -> None:
    template = {
        "model": "gemini-3.8-pro",
        "instructions": "Be brief.",
        "temperature": 0.5,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_object"}},
        "tools": [{"type": "function", "name": "f"}],
    }

    request = filled(template, input="hi", temperature=1, model=None)

    assert (request.model, request.instructions) == ("gemini-3.8-pro", "Be brief.")
    assert request.temperature == 1
    assert request.reasoning is not None
    assert request.reasoning.effort == "low"
    assert request.tools == ({"type": "function", "name": "f"},)
    assert texts(request) == [("user", "hi")]


def test_the_requests_own_instructions_replace_the_templates() -> None:
    assert filled({"instructions": "A {{x}}"}, {"x": "1"}, input="hi", instructions="B").instructions == "B"


def test_a_tool_choice_may_go_with_the_templates_tools() -> None:
    request = filled({"tools": [{"type": "function", "name": "f"}]}, input="hi", tool_choice="required")
    assert request.tool_choice == "required"


def test_the_templates_messages_come_first() -> None:
    template = {
        "input": [
            {"role": "developer", "content": "Speak {{language}}."},
            {"role": "user", "content": [{"type": "input_text", "text": "{{ greeting }}, {{greeting}}!"}]},
        ]
    }
    given = {"language": "Latin", "greeting": "Salve"}

    request = filled(template, given, input="Quid novi?")

    assert texts(request) == [
        ("developer", "Speak Latin."),
        ("user", "Salve, Salve!"),
        ("user", "Quid novi?"),
    ]


def test_a_prompt_can_be_the_whole_request() -> None:
    request = filled({"input": "Tell me of {{city}}."}, {"city": "Rome"})
    assert texts(request) == [("user", "Tell me of Rome.")]
    assert request.prompt is not None
    assert request.prompt.variables == {"city": "Rome"}


@pytest.mark.parametrize("part", [IMAGE, FILE, {"type": "input_text", "text": "{{not_filled}}"}])
def test_a_part_takes_the_place_of_a_part(part: dict[str, Any]) -> None:
    template = {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "What is this?"},
                    {"type": "input_text", "text": " {{it}} "},
                ],
            }
        ]
    }
    assert filled(template, {"it": part}).input[0]["content"] == [
        {"type": "input_text", "text": "What is this?"},
        part,
    ]


def test_a_text_part_may_stand_within_a_text() -> None:
    part = {"type": "input_text", "text": "Rome"}
    assert filled({"instructions": "You are in {{city}}."}, {"city": part}, input="hi").instructions == (
        "You are in Rome."
    )


def test_values_are_put_in_as_they_are() -> None:
    template = {"instructions": "{{a}} {{b}}"}
    assert filled(template, {"a": "{{b}}", "b": r"\1 \g<0>"}, input="hi").instructions == r"{{b}} \1 \g<0>"


@pytest.mark.parametrize("text", ["{{}}", "{{ 1a }}", "{ {a} }", "{{a b}}", "{{a}", r"\frac{{{a}"])
def test_other_braces_are_text(text: str) -> None:
    assert parse_template({"instructions": text}).variables == set()
    assert filled({"instructions": text}, input="hi").instructions == text


def test_parts_that_are_no_texts_stay() -> None:
    template = {"input": [{"role": "user", "content": [IMAGE]}]}
    assert filled(template).input[0]["content"] == [IMAGE]


@pytest.mark.parametrize("variables", [None, {}, {"other": "x"}])
def test_a_missing_variable_is_named(variables: dict[str, Any] | None) -> None:
    error = refused({"instructions": "Speak {{language}}."}, variables, input="hi")
    assert (error.http_status, error.code) == (400, "missing_required_parameter")
    assert error.param == "prompt.variables.language"
    assert error.message == "Missing required parameter: 'prompt.variables.language'."


def test_an_unknown_variable_is_named() -> None:
    error = refused({"instructions": "Speak {{a}}."}, {"a": "x", "b": "y"}, input="hi")
    assert (error.code, error.param) == ("unknown_parameter", "prompt.variables.b")


@pytest.mark.parametrize("template", [{"instructions": "See {{it}}"}, {"input": "See {{it}}"}])
def test_an_image_cannot_stand_within_a_text(template: dict[str, Any]) -> None:
    error = refused(template, {"it": IMAGE}, input="hi")
    assert (error.code, error.param) == ("invalid_type", "prompt.variables.it")
    assert "'input_image'" in error.message


@pytest.mark.parametrize("template", ["{{a}}" * 3, "{{a}} {{a}} {{a}}"])
@pytest.mark.parametrize("value", ["x" * 40, {"type": "input_text", "text": "x" * 40}])
def test_what_is_filled_in_is_limited_however_often(
    template: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_templates, "MAX_TEXT_LENGTH", 100)
    error = refused({"input": template}, {"a": value})
    assert (error.code, error.param) == ("string_above_max_length", "prompt.variables")
    whole = {"input": [{"role": "user", "content": "{{a}}"}] * 3}
    assert refused(whole, {"a": value}).code == "string_above_max_length"


def test_faults_of_the_request_are_named_by_their_own_place() -> None:
    error = refused({"input": "Hello"}, input=[{"role": "user", "content": 5}])
    assert error.param == "input[0].content"


def test_what_is_unknown_stays_unknown() -> None:
    assert refused({"instructions": "Hi."}, input="hi", modle=None).param == "modle"
    codex = filled({"instructions": "Hi."}, input="hi", modle="x", client_metadata={"a": "b"})
    assert codex.ignored_parameters == ("modle",)


def test_the_request_and_the_template_are_left_alone() -> None:
    template = {"input": [{"role": "user", "content": "{{a}}"}]}
    body = {"prompt": {"id": "p", "variables": {"a": "1"}}, "input": [{"role": "user", "content": "hi"}]}
    prompt = prompt_of(body)
    assert prompt is not None
    for _ in range(2):
        assert texts(fill_in(body, prompt, parse_template(template))) == [("user", "1"), ("user", "hi")]


WRONG: list[tuple[object, str | None, str]] = [
    ([], None, "Invalid prompt template: expected an object, but got an array instead."),
    ({}, None, "Invalid prompt template: it is empty."),
    ({"instructions": None}, None, "Invalid prompt template: it is empty."),
    ({"stream": True}, "stream", "A prompt template cannot set 'stream'. It can set "),
    ({"prompt": {"id": "p"}}, "prompt", "A prompt template cannot set 'prompt'. "),
    ({"temperature": 5}, "temperature", "Invalid 'temperature': decimal above maximum value. "),
    ({"input": 5}, "input", "Invalid type for 'input': "),
    ({"input": [{"role": "user"}]}, "input[0].content", "Missing required parameter: 'input[0].content'."),
    (
        {"input": [{"id": "msg_1"}]},
        "input[0].type",
        "Invalid value: 'item_reference'. The input of a prompt template is messages only.",
    ),
    ({"tools": [{"type": "function"}]}, "tools[0].name", "Missing required parameter: 'tools[0].name'."),
]


@pytest.mark.parametrize(("body", "param", "message"), WRONG)
def test_what_is_no_template_is_refused(body: object, param: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_template(body)
    assert caught.value.param == param
    assert caught.value.message.startswith(message)


def test_its_variables_are_known() -> None:
    template = {"instructions": "{{a}} {{ b }}", "input": [{"role": "user", "content": [IMAGE]}]}
    assert parse_template(template).variables == {"a", "b"}
    assert parse_template({"input": "{{c}}", "metadata": {"k": "{{d}}"}}).variables == {"c"}

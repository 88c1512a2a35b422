from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.generation_config import (
    build_generation_config,
    build_service_tier,
    verbosity_hint,
    wants_json,
)
from responses_api.gemini.models import ModelCatalogue, ModelProfile
from responses_api.gemini.tools import ToolSetup
from tests.responses_api.gemini.conversations import FLASH, GEMMA, PRO_25, assert_valid

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}
JSON_SCHEMA = {"format": {"type": "json_schema", "name": "n", "strict": True, "schema": SCHEMA}}
JSON_OBJECT = {"format": {"type": "json_object"}}
CALLABLE = ToolSetup(({"name": "f"},), "AUTO")
SEARCHING = ToolSetup(hosted=({"googleSearch": {}},))
PAINTER = ModelCatalogue().resolve("gemini-3.1-flash-image")


def config(
    model: ModelProfile = FLASH, tools: ToolSetup | None = None, **body: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    notes = Adaptations()
    request = parse_create_request({"input": "q", **body})
    built = build_generation_config(request, tools or ToolSetup(), model, notes)
    assert_valid({"contents": [{"role": "user", "parts": [{"text": "q"}]}], "generationConfig": built})
    return built, notes.as_tuple()


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({}, {}),
        ({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "topP": 0.5}),
        ({"max_output_tokens": 16}, {"maxOutputTokens": 16}),
        ({"text": {"format": {"type": "text"}}}, {}),
        ({"text": {"verbosity": "low"}}, {}),
        ({"text": JSON_OBJECT}, {"responseMimeType": "application/json"}),
        ({"top_logprobs": 3}, {"responseLogprobs": True, "logprobs": 3}),
        ({"top_logprobs": 3, "include": ["message.output_text.logprobs"]}, {"responseLogprobs": True, "logprobs": 3}),
        ({"top_logprobs": 0}, {}),
        ({"include": ["message.output_text.logprobs"]}, {"responseLogprobs": True}),
        (
            {"presence_penalty": 0.5, "frequency_penalty": 0.0},
            {"presencePenalty": 0.5, "frequencyPenalty": 0.0},
        ),
        ({"reasoning": {}}, {}),
        ({"reasoning": {"effort": "low"}}, {"thinkingConfig": {"thinkingLevel": "low"}}),
        ({"reasoning": {"summary": "auto"}}, {"thinkingConfig": {"includeThoughts": True}}),
    ],
)  # fmt: skip
def test_parameters(body: dict[str, Any], sent: dict[str, Any]) -> None:
    assert config(**body) == (sent, ())


def test_a_schema_for_the_answer() -> None:
    sent, notes = config(text=JSON_SCHEMA)
    assert sent == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {
            "type": "object",
            "properties": {"a": {"type": "string", "description": "Not empty."}},
        },
    }
    assert notes == ("text.format.schema: minLength is told in words",)


def test_penalties_are_left_out_where_they_are_refused() -> None:
    assert config(PRO_25, presence_penalty=0.5) == (
        {},
        ("presence_penalty and frequency_penalty are left out: gemini-2.5-pro refuses them",),
    )


@pytest.mark.parametrize("text", [JSON_SCHEMA, JSON_OBJECT])
@pytest.mark.parametrize("model", [PRO_25, GEMMA])
@pytest.mark.parametrize("tools", [CALLABLE, SEARCHING])
def test_before_gemini_3_json_output_excludes_tools(
    text: dict[str, Any], model: ModelProfile, tools: ToolSetup
) -> None:
    assert config(model, text=text)[0]["responseMimeType"] == "application/json"
    assert "responseMimeType" not in config(model, tools)[0]
    with pytest.raises(InvalidRequest) as caught:
        config(model, tools, text=text)
    assert (caught.value.http_status, caught.value.param) == (400, "text.format")
    assert caught.value.message == (
        f"{model.name} cannot combine JSON output with tools. "
        "Leave one of them out, or use a Gemini 3 or newer model."
    )


def test_from_gemini_3_on_json_output_excludes_only_forced_calls() -> None:
    for tools in (CALLABLE, SEARCHING):
        assert config(FLASH, tools, text=JSON_OBJECT)[0] == {"responseMimeType": "application/json"}
    with pytest.raises(InvalidRequest) as caught:
        config(FLASH, ToolSetup(({"name": "f"},), "ANY"), text=JSON_OBJECT)
    assert caught.value.param == "tool_choice"
    assert caught.value.message == (
        "JSON output cannot be combined with a tool choice that forces a function call."
    )


@pytest.mark.parametrize(
    ("ratio", "sent"),
    [
        (None, {"responseModalities": ["TEXT", "IMAGE"]}),
        ("3:2", {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "3:2"}}),
    ],
)
def test_pictures(ratio: str | None, sent: dict[str, Any]) -> None:
    tools = ToolSetup(response_modalities=("TEXT", "IMAGE"), aspect_ratio=ratio)
    assert config(PAINTER, tools) == (sent, ())


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (None, None),
        ({}, None),
        ({"verbosity": "medium"}, None),
        ({"verbosity": "low"}, "Keep your answers short: say what is needed and nothing more."),
        ({"verbosity": "high"}, "Answer in depth: explain your reasoning and cover the details."),
    ],
)
def test_verbosity_is_asked_for_in_words(text: dict[str, Any] | None, hint: str | None) -> None:
    assert verbosity_hint(parse_create_request({"input": "q", "text": text})) == hint


@pytest.mark.parametrize(
    ("tier", "sent", "notes"),
    [
        ("auto", {}, ()),
        ("default", {}, ()),
        ("flex", {"serviceTier": "flex"}, ()),
        ("priority", {"serviceTier": "priority"}, ()),
        ("fast", {"serviceTier": "priority"}, ()),
        ("scale", {}, ("service_tier=scale has no counterpart upstream: the standard tier is used",)),
        ("ultrafast", {}, ("service_tier=ultrafast has no counterpart upstream: the standard tier is used",)),
    ],
)
def test_service_tiers(tier: str, sent: dict[str, str], notes: tuple[str, ...]) -> None:
    adaptations = Adaptations()
    assert build_service_tier(parse_create_request({"input": "q", "service_tier": tier}), adaptations) == sent
    assert adaptations.as_tuple() == notes


@pytest.mark.parametrize(
    ("text", "wants"), [(None, False), ({}, False), (JSON_OBJECT, True), (JSON_SCHEMA, True)]
)
def test_wants_json(text: dict[str, Any] | None, wants: bool) -> None:
    assert wants_json(parse_create_request({"input": "q", "text": text})) is wants

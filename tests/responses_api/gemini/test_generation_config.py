from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.generation_config import build_generation_config, build_service_tier, wants_json
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.tools import ToolSetup
from tests.responses_api.gemini.conversations import FLASH, GEMMA, PRO_25

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}
JSON_SCHEMA = {"format": {"type": "json_schema", "name": "n", "strict": True, "schema": SCHEMA}}
JSON_OBJECT = {"format": {"type": "json_object"}}
CALLABLE = ToolSetup(({"name": "f"},), "AUTO")


def config(
    model: ModelProfile = FLASH, tools: ToolSetup | None = None, **body: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    notes = Adaptations()
    request = parse_create_request({"input": "q", **body})
    return build_generation_config(request, tools or ToolSetup(), model, notes), notes.as_tuple()


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
)
def test_parameters(body: dict[str, Any], sent: dict[str, Any]) -> None:
    assert config(**body) == (sent, ())


def test_a_schema_for_the_answer() -> None:
    sent, notes = config(text=JSON_SCHEMA)
    assert sent == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
    }
    assert notes == ("text.format.schema: JSON Schema keyword minLength is left out",)


def test_penalties_are_left_out_where_they_are_refused() -> None:
    sent, notes = config(PRO_25, presence_penalty=0.5)
    assert sent == {}
    assert len(notes) == 1


@pytest.mark.parametrize("text", [JSON_SCHEMA, JSON_OBJECT])
@pytest.mark.parametrize("model", [PRO_25, GEMMA])
def test_before_gemini_3_json_output_excludes_functions(text: dict[str, Any], model: ModelProfile) -> None:
    assert config(model, text=text)[0]["responseMimeType"] == "application/json"
    assert "responseMimeType" not in config(model, CALLABLE)[0]
    with pytest.raises(InvalidRequest) as caught:
        config(model, CALLABLE, text=text)
    assert (caught.value.http_status, caught.value.param) == (400, "text.format")


def test_from_gemini_3_on_json_output_excludes_only_forced_calls() -> None:
    assert config(FLASH, CALLABLE, text=JSON_OBJECT)[0] == {"responseMimeType": "application/json"}
    with pytest.raises(InvalidRequest) as caught:
        config(FLASH, ToolSetup(({"name": "f"},), "ANY"), text=JSON_OBJECT)
    assert caught.value.param == "tool_choice"


@pytest.mark.parametrize(
    ("tier", "sent", "notes"),
    [
        ("auto", {}, 0),
        ("default", {}, 0),
        ("flex", {"serviceTier": "flex"}, 0),
        ("priority", {"serviceTier": "priority"}, 0),
        ("fast", {"serviceTier": "priority"}, 0),
        ("scale", {}, 1),
        ("ultrafast", {}, 1),
    ],
)
def test_service_tiers(tier: str, sent: dict[str, str], notes: int) -> None:
    adaptations = Adaptations()
    assert build_service_tier(parse_create_request({"input": "q", "service_tier": tier}), adaptations) == sent
    assert len(adaptations.as_tuple()) == notes


@pytest.mark.parametrize(
    ("text", "wants"), [(None, False), ({}, False), (JSON_OBJECT, True), (JSON_SCHEMA, True)]
)
def test_wants_json(text: dict[str, Any] | None, wants: bool) -> None:
    assert wants_json(parse_create_request({"input": "q", "text": text})) is wants

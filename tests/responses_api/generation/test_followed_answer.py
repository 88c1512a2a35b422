"""What is decided before a language server is asked for an answer of its own."""

from collections.abc import Mapping
from typing import Any

import pytest
from pytest_django import Settings

from responses_api.access import credentials
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import AuthenticationFailed, GatewayError, InvalidRequest
from responses_api.core.generation_events import TextDelta, UpstreamFailed
from responses_api.gemini.models import ModelCatalogue
from responses_api.generation.answer_source import answer_source
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.followed_answer import FollowedAnswer
from responses_api.generation.intercepted_answer import InterceptedAnswer
from responses_api.models import UsageSource


def source(ref: str = credentials.LANGUAGE_SERVER, model: str = "gemini-3.8-flash", **parameters: Any) -> Any:
    request = parse_create_request({"input": "hello", **parameters})
    said = tuple(ConversationItem(item) for item in request.input)
    conversation = Conversation(history=(), said=said, files={}, shown=said)
    return answer_source(request, conversation, ModelCatalogue().resolve(model), ref)


def refused(**options: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        source(**options)
    return caught.value


@pytest.fixture(autouse=True)
def followed(settings: Settings) -> None:
    settings.INTERCEPTOR_ENABLED = False
    settings.LANGUAGE_SERVER_MODELS = {}


def test_one_setting_chooses(settings: Settings) -> None:
    assert isinstance(source(), FollowedAnswer)
    settings.INTERCEPTOR_ENABLED = True
    assert isinstance(source("simulator"), InterceptedAnswer)


def test_the_language_server_counts() -> None:
    made = source()
    assert made.usage_source is UsageSource.TRAJECTORY
    assert made.sent_bytes == len("hello")


@pytest.mark.parametrize("ref", ["credential:1", "credential:1@4", "environment", "simulator"])
def test_no_other_account_is_used_in_its_place(ref: str) -> None:
    error = refused(ref=ref)
    assert isinstance(error, AuthenticationFailed)
    assert (error.http_status, error.type, error.code) == (
        401,
        "authentication_error",
        "credential_unavailable",
    )


@pytest.mark.parametrize(
    ("names", "asked"),
    [({}, "gemini-3.8-flash"), ({"gemini-3.8-flash": "MODEL_X", "other": "MODEL_Y"}, "MODEL_X")],
)
def test_the_name_that_a_model_is_asked_for_by(
    settings: Settings, names: Mapping[str, str], asked: str
) -> None:
    settings.LANGUAGE_SERVER_MODELS = names
    assert source()._model == asked


def test_a_model_that_the_map_leaves_out(settings: Settings) -> None:
    settings.LANGUAGE_SERVER_MODELS = {"b": "MODEL_Y", "a": "MODEL_X"}
    error = refused()
    assert (error.http_status, error.code, error.param) == (400, "model_not_found", "model")
    assert "a, b" in error.message


def test_how_hard_to_think_is_said_in_tokens_or_not_at_all() -> None:
    assert source(model="gemini-2.5-flash", reasoning={"effort": "low"})._thinking_budget > 0
    assert source(reasoning={"summary": "auto"})._thinking_budget is None
    error = refused(reasoning={"effort": "low"})
    assert isinstance(error, InvalidRequest)
    assert error.param == "reasoning.effort"


async def test_before_it_is_begun_there_is_nothing_to_stop() -> None:
    made = source()
    made.wake()
    made.fail(UpstreamFailed(500, "server_error", "server_error", "x"))
    made.abandon()
    assert await made.stop(0) == []
    await made.close()
    assert (made.in_flight, made.cascade_id, made.turns) == (False, "", 0)
    assert not made.hides(TextDelta("x"))

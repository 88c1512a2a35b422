"""The OpenAI Agents SDK on the gateway: tools, streams, hand-offs, conversations."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel, RunConfig, Runner, function_tool
from openai.types.responses import ResponseTextDeltaEvent

from tests.e2e.stacks import MODEL, Stack

_QUIET = RunConfig(tracing_disabled=True)


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return json.dumps({"celsius": 4, "city": city})


type MakeAgent = Callable[..., Agent[None]]


@pytest.fixture
async def agent(stack: Stack) -> AsyncIterator[MakeAgent]:
    """Makes agents whose client is closed in the end."""
    async with stack.async_client() as client:

        def make(*, store: bool | None = None, name: str = "Helper", **parameters: Any) -> Agent[None]:
            settings = ModelSettings(
                store=store, response_include=["reasoning.encrypted_content"] if store is False else None
            )
            model = OpenAIResponsesModel(model=MODEL, openai_client=client)
            return Agent(name=name, model=model, model_settings=settings, **parameters)

        yield make


@pytest.mark.parametrize("store", [None, False])
async def test_a_run_with_a_tool(agent: MakeAgent, store: bool | None) -> None:
    result = await Runner.run(
        agent(store=store, tools=[get_weather]), "The weather in Oslo?", run_config=_QUIET
    )
    assert "celsius" in result.final_output
    assert len(result.raw_responses) == 2


async def test_a_streamed_run(agent: MakeAgent) -> None:
    streamed = Runner.run_streamed(agent(), "Say: streamed.", run_config=_QUIET)
    text = ""
    async for event in streamed.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            text += event.data.delta
    assert text == streamed.final_output
    assert "streamed" in text


async def test_turns_by_previous_response(agent: MakeAgent) -> None:
    helper = agent()
    first = await Runner.run(helper, "One.", run_config=_QUIET)
    second = await Runner.run(helper, "Two.", previous_response_id=first.last_response_id, run_config=_QUIET)
    assert "2 earlier turns" in second.final_output


async def test_a_hand_off(agent: MakeAgent) -> None:
    specialist = agent(name="weather_expert", handoff_description="Knows about weather.", tools=[get_weather])
    triage = agent(handoffs=[specialist])
    result = await Runner.run(triage, "Please transfer_to_weather_expert", run_config=_QUIET)
    assert result.last_agent is specialist

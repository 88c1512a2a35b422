"""LangChain's ``ChatOpenAI`` on the Responses API."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from tests.e2e.stacks import MODEL, Stack


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return json.dumps({"celsius": 4, "city": city})


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    number: int


type MakeChat = Callable[..., ChatOpenAI]


@pytest.fixture
async def chat(stack: Stack) -> AsyncIterator[MakeChat]:
    """Makes chat models whose connections are closed in the end."""
    with httpx.Client() as http:
        async with httpx.AsyncClient() as async_http:

            def make(**parameters: Any) -> ChatOpenAI:
                return ChatOpenAI(
                    model=MODEL,
                    base_url=f"{stack.base_url}/v1",
                    api_key=SecretStr(stack.api_key),
                    use_responses_api=True,
                    max_retries=0,
                    http_client=http,
                    http_async_client=async_http,
                    **parameters,
                )

            yield make


async def test_text_and_usage(chat: MakeChat) -> None:
    answer = chat().invoke("Say hello to LangChain.")
    assert "hello to LangChain" in answer.text
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] > 0


async def test_a_stream(chat: MakeChat) -> None:
    pieces = [piece async for piece in chat().astream("Say: streamed.")]
    assert len(pieces) > 1
    assert "streamed" in "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"use_previous_response_id": True},
        {"store": False, "include": ["reasoning.encrypted_content"], "output_version": "responses/v1"},
    ],
)
async def test_a_tool_and_its_result(chat: MakeChat, parameters: dict[str, Any]) -> None:
    bound = chat(**parameters).bind_tools([get_weather])
    said: list[Any] = [HumanMessage("The weather in Oslo?")]
    call = bound.invoke(said)
    assert isinstance(call, AIMessage)
    [asked] = call.tool_calls
    answer = bound.invoke(
        [*said, call, ToolMessage(get_weather.invoke(asked["args"]), tool_call_id=asked["id"])]
    )
    assert "celsius" in answer.text


async def test_structured_output(chat: MakeChat) -> None:
    found = chat().with_structured_output(Address, method="json_schema", strict=True).invoke("An address")
    assert isinstance(found, Address)

"""``INTERCEPTOR_ENABLED=false``: the real text goes to the language server, and its cascade is followed."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.broken_streams import fails_once
from tests.e2e.conftest import end
from tests.e2e.sockets import answer_of, opened, said
from tests.e2e.stacks import MODEL, Simulator, Stack, further_gateway, language_server_beside, serve
from tests.e2e.streams import text_of, types

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}


@pytest.fixture(scope="module", params=["updates", "polling"])
def stack(request: pytest.FixtureRequest, work_folder: Path, simulator: Simulator) -> Iterator[Stack]:
    """``serve`` without an interceptor, with a language server that tells of changes, or does not."""
    folder = work_folder / f"followed-{request.param}"
    folder.mkdir()
    running = serve(
        folder,
        simulator,
        INTERCEPTOR_ENABLED="false",
        LANGUAGE_SERVER_REACTIVE_UPDATES=str(request.param == "updates").lower(),
        KEEPALIVE_INTERVAL="0.5",
    )
    yield running
    end(running)


def test_a_streamed_answer_with_thoughts(stack: Stack) -> None:
    text = "hello follower [[thoughts=2]] [[chunks=6]]"
    events = stack.stream(text, reasoning={"summary": "auto"})

    response = events[-1]["response"]
    assert types(events)[-1] == "response.completed"
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]
    assert text_of(events) == response["output"][1]["content"][0]["text"]
    first_text = types(events).index("response.output_text.delta")
    assert "response.reasoning_summary_text.delta" in types(events)[:first_text]
    assert "response.reasoning_summary_text.delta" not in types(events)[first_text:]
    booked = stack.booking(response["id"])
    assert (booked["outcome"], booked["source"], booked["turns"]) == ("completed", "trajectory", 1)
    usage = response["usage"]
    assert booked["total_tokens"] == usage["total_tokens"] > 0
    assert usage["output_tokens_details"]["reasoning_tokens"] > 0
    sent = stack.simulator.request_with("hello follower")
    assert sent["auth"] == "api_key"
    assert sent["body"]["contents"] == [{"role": "user", "parts": [{"text": text}]}]


def test_a_chain_is_sent_as_one_text(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(model=MODEL, input="my name is Ada-follows")
    second = client.responses.create(
        model=MODEL, input="what is it?", previous_response_id=first.id, instructions="Be brief."
    )
    assert first.output[0].type == "message"  # nobody asked for thoughts
    assert second.output_text
    (turn,) = stack.simulator.request_with("what is it?")["body"]["contents"]
    (part,) = turn["parts"]
    assert "<instructions>\nBe brief.\n</instructions>" in part["text"]
    assert "<user>\nmy name is Ada-follows\n</user>" in part["text"]
    assert f"<assistant>\n{first.output_text}\n</assistant>" in part["text"]


def test_conversations_and_responses_in_the_background(stack: Stack) -> None:
    client = stack.client()
    conversation = client.conversations.create()
    queued = client.responses.create(
        model=MODEL, input="later", background=True, conversation=conversation.id
    )
    with client.responses.stream(response_id=queued.id) as events:
        ended = events.get_final_response()
    assert ended.status == "completed"
    again = client.responses.create(model=MODEL, input="once more", conversation=conversation.id)
    assert again.status == "completed"
    assert stack.booking(queued.id)["source"] == "trajectory"


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"tools": [FUNCTION]}, "tools"),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}},
            "text.format",
        ),
        ({"reasoning": {"effort": "high"}}, "reasoning.effort"),
        (
            {
                "input": [
                    {
                        "role": "user",
                        "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}],
                    }
                ]
            },
            "input[0].content[0]",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused_and_nothing_is_sent(
    stack: Stack, parameters: dict[str, Any], param: str
) -> None:
    before = len(stack.simulator.requests)
    with stack.http() as http:
        answer = http.post("/v1/responses", json={"model": MODEL, "input": "x", **parameters})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert len(stack.simulator.requests) == before


def test_a_refusal_of_the_upstream_is_an_http_error_of_its_own(stack: Stack) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        stack.client().responses.create(model=MODEL, input="[[status=429]]")
    assert caught.value.code == "rate_limit_exceeded"
    booked = stack.latest_booking()
    assert (booked["outcome"], booked["source"]) == ("upstream_error", "none")


def test_a_failure_in_mid_answer_ends_the_stream_once(stack: Stack) -> None:
    events = stack.stream("[[chunks=6]] [[error_mid=4]] [[delay_ms=100]]")
    assert types(events)[-2:] == ["error", "response.failed"]
    assert stack.booking(events[-1]["response"]["id"])["outcome"] == "upstream_error"


def test_a_limit_of_the_model_is_told(stack: Stack) -> None:
    events = stack.stream("[[finish=MAX_TOKENS]]")
    assert types(events)[-1] == "response.incomplete"
    assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


@pytest.mark.parametrize(
    ("stall", "told"), [(2, "response.reasoning_summary_text.delta"), (5, "response.output_text.delta")]
)
def test_a_client_is_told_while_the_model_writes_and_takes_the_run_with_it(
    stack: Stack, stall: int, told: str
) -> None:
    text = f"[[thoughts=2]] [[chunks=9]] [[stall={stall}]]"
    body = {"model": MODEL, "input": text, "stream": True, "reasoning": {"summary": "auto"}}
    with (
        stack.simulator.stream_is_closed(within=1),
        stack.http() as http,
        http.stream("POST", "/v1/responses", json=body) as answer,
    ):
        lines = answer.iter_lines()  # kept: an iterator that is thrown away closes the connection
        next(line for line in lines if line == f"event: {told}")
    booked = stack.latest_booking()
    assert booked["outcome"] == "client_disconnect"
    assert booked["source"] in ("trajectory", "estimate")


def test_websocket_mode(stack: Stack) -> None:
    """A chain that is kept by the connection alone; a failure in it; a client that leaves in an answer."""
    with opened(stack) as talking:
        first = talking.ask("I am Ada-by-socket")
        assert types(first)[-1] == "response.completed"
        assert said(first) == text_of(first)
        assert said(first).startswith("You said: I am Ada-by-socket")
        booked = stack.booking(answer_of(first)["id"])
        assert (booked["outcome"], booked["source"]) == ("completed", "trajectory")

        assert talking.refusal(tools=[FUNCTION])[0] == 400
        assert talking.refusal("[[status=429]]")[0] == 429

        second = talking.ask("and who am I?", previous_response_id=answer_of(first)["id"])
        assert types(second)[-1] == "response.completed"
        (turn,) = stack.simulator.request_with("and who am I?")["body"]["contents"]
        assert "<user>\nI am Ada-by-socket\n</user>" in turn["parts"][0]["text"]

        with stack.simulator.stream_is_closed(within=1):
            talking.create("[[chunks=9]] [[stall=3]]")
            while talking.read()["type"] != "response.output_text.delta":
                pass
            talking.connection.close()
    assert stack.latest_booking()["outcome"] == "client_disconnect"


def test_a_deadline_ends_the_run(stack: Stack) -> None:
    with stack.simulator.stream_is_closed(within=5):
        events = stack.stream("[[chunks=9]] [[stall=3]]", timeout=1.5)
    assert types(events)[-1] == "response.failed"
    assert stack.booking(events[-1]["response"]["id"])["outcome"] == "timeout"


def test_cancelling_in_the_background(stack: Stack) -> None:
    client = stack.client()
    with stack.simulator.stream_is_closed(within=5):
        queued = client.responses.create(model=MODEL, input="[[chunks=9]] [[stall=3]]", background=True)
        with client.responses.stream(response_id=queued.id) as events:
            for event in events:
                if event.type == "response.output_text.delta":
                    break
        assert client.responses.cancel(queued.id).status == "cancelled"
    assert stack.booking(queued.id)["outcome"] == "cancelled"


def test_readiness_does_not_ask_for_an_interceptor(stack: Stack) -> None:
    with stack.http() as http:
        ready = http.get("/readyz")
    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {"database", "channel_layer", "language_server"}


@pytest.mark.parametrize("updates", ["true", "false"])
def test_a_language_server_that_is_killed_fails_the_response(
    split_stack: Stack, folder: Path, updates: str
) -> None:
    environment = {"INTERCEPTOR_ENABLED": "false", "LANGUAGE_SERVER_REACTIVE_UPDATES": updates}
    language_server, url = language_server_beside(split_stack, folder, **environment)
    gateway, process = further_gateway(split_stack, folder, **environment, LANGUAGE_SERVER_URL=url)
    try:
        fails_once(gateway, lambda: language_server.send_signal(signal.SIGKILL))
        with pytest.raises(openai.InternalServerError) as caught:
            gateway.client().responses.create(model=MODEL, input="anybody?")
        assert caught.value.code == "language_server_error"
    finally:
        gateway.client().close()
        process.kill()
        language_server.kill()

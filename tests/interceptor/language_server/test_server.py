"""The language server over real sockets: caller -> server -> CONNECT proxy -> TLS upstream."""

import asyncio
import re
from typing import Any

import pytest

from interceptor.language_server import LanguageServerConfig, start

from . import wire
from .certificates import Certificates
from .rig import TOKEN, Rig, becomes_true, eventually, hangs, refuses, running_rig, says, sends

MARKER = ".<cid:2f6a1f1c-5a53-4d0c-9f6f-8f5d4b6c7d8e>"


def planner_steps(trajectory: Any) -> list[Any]:
    steps = trajectory["trajectory"]["steps"]
    return [step for step in steps if step["type"] == "CORTEX_STEP_TYPE_PLANNER_RESPONSE"]


def termination(trajectory: Any) -> str:
    reason: str = trajectory["trajectory"]["executorMetadatas"][-1]["terminationReason"]
    return reason.removeprefix("EXECUTOR_TERMINATION_REASON_")


async def test_an_answer_becomes_a_planner_step(rig: Rig) -> None:
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 4, "thoughtsTokenCount": 9}
    rig.upstream.scripts.append(
        says(
            wire.thought("Let me "),
            wire.thought("see."),
            wire.text("Hel", modelVersion="gemini-3.8-flash-001"),
            wire.parts({"text": "lo", "thoughtSignature": "c2ln"}, finish="STOP", usageMetadata=usage),
        )
    )
    trajectory = await rig.ask("hi")
    assert trajectory["status"] == "CASCADE_RUN_STATUS_IDLE"
    assert trajectory["numTotalSteps"] == 2
    user, planner = trajectory["trajectory"]["steps"]
    assert user["type"] == "CORTEX_STEP_TYPE_USER_INPUT"
    assert user["userInput"] == {"userResponse": "hi", "items": [{"text": "hi"}]}
    assert planner["status"] == "CORTEX_STEP_STATUS_DONE"
    message_id = planner["plannerResponse"].pop("messageId")
    assert message_id
    assert planner["plannerResponse"] == {
        "response": "Hello",
        "thinking": "Let me see.",
        "thinkingSignature": "c2ln",
        "stopReason": "STOP_REASON_STOP_PATTERN",
    }
    assert planner["metadata"]["modelUsage"] == {
        "inputTokens": "7",
        "outputTokens": "13",
        "thinkingOutputTokens": "9",
        "responseOutputTokens": "4",
    }
    assert planner["metadata"]["generatorModel"] == "gemini-3.8-flash-001"
    assert planner["metadata"]["requestedModel"] == {"model": "MODEL_PLACEHOLDER_M1"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", planner["metadata"]["createdAt"])
    (execution,) = trajectory["trajectory"]["executorMetadatas"]
    assert execution["lastStepIdx"] == 1
    assert execution["executionId"] == planner["metadata"]["executionId"]
    assert termination(trajectory) == "NO_TOOL_CALL"


async def test_the_upstream_gets_a_placeholder_with_the_users_text_verbatim(rig: Rig) -> None:
    await rig.ask(MARKER)
    assert rig.upstream.paths == ["/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"]
    (body,) = rig.upstream.bodies
    assert body["contents"] == [{"role": "user", "parts": [{"text": MARKER}]}]
    assert body["systemInstruction"]["parts"][0]["text"]
    (headers,) = rig.upstream.headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert "x-goog-api-key" not in {name.lower() for name in headers}
    assert rig.proxy.targets == [f"127.0.0.1:{rig.upstream.port}"]


async def test_a_configured_key_is_sent_and_a_plain_model_name_is_used(certificates: Certificates) -> None:
    async with running_rig(certificates, credential_headers={"x-goog-api-key": "k-1"}) as rig:
        cascade_id = await rig.start_cascade()
        await rig.send(cascade_id, "hi", model="gemini-4-argon")
        await rig.settled(cascade_id)
        assert rig.upstream.headers[0]["x-goog-api-key"] == "k-1"
        assert rig.upstream.paths[0].startswith("/v1beta/models/gemini-4-argon:")


async def test_without_a_proxy_the_given_ca_is_trusted(certificates: Certificates) -> None:
    async with running_rig(certificates, proxy_url=None) as rig:
        trajectory = await rig.ask("hi")
        assert planner_steps(trajectory)[0]["plannerResponse"]["response"] == "fine"
        assert rig.proxy.tunnels == 0


async def test_a_certificate_of_another_ca_is_refused(certificates: Certificates) -> None:
    async with running_rig(certificates, ca_file=None) as rig:
        trajectory = await rig.ask("hi")
        error = trajectory["trajectory"]["steps"][-1]["errorMessage"]["error"]
        assert "not trusted" in error["userErrorMessage"]
        assert rig.upstream.bodies == []


async def test_a_conversation_is_carried_on(rig: Rig) -> None:
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "one")
    await rig.settled(cascade_id)
    await rig.send(cascade_id, "two")
    await rig.settled(cascade_id, runs=2)
    turns = [(turn["role"], turn["parts"][0]["text"]) for turn in rig.upstream.bodies[1]["contents"]]
    assert turns == [("user", "one"), ("model", "fine"), ("user", "two")]


async def test_a_message_sent_during_a_run_waits_its_turn(rig: Rig) -> None:
    go_on = asyncio.Event()
    rig.upstream.scripts.append(sends(wire.frame(wire.text("first", finish="STOP")), then=go_on))
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "one")
    await becomes_true(lambda: rig.upstream.open_calls == 1)
    await rig.send(cascade_id, "two")
    go_on.set()
    trajectory = await rig.settled(cascade_id, runs=2)
    assert [step["plannerResponse"]["response"] for step in planner_steps(trajectory)] == ["first", "fine"]
    assert trajectory["status"] == "CASCADE_RUN_STATUS_IDLE"


async def test_the_answer_is_visible_while_it_arrives(rig: Rig) -> None:
    go_on = asyncio.Event()
    rig.upstream.scripts.append(sends(wire.frame(wire.text("so far")), then=go_on))
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "hi")

    async def look() -> Any:
        answer = await rig.ok("GetCascadeTrajectorySteps", cascadeId=cascade_id, stepOffset=1)
        steps = answer.get("steps")
        return steps and steps[0]["plannerResponse"].get("response") and steps[0]

    step = await eventually(look)
    assert step["plannerResponse"]["response"] == "so far"
    assert step["status"] == "CORTEX_STEP_STATUS_GENERATING"
    trajectory = await rig.ok("GetCascadeTrajectory", cascadeId=cascade_id)
    assert trajectory["status"] == "CASCADE_RUN_STATUS_RUNNING"
    go_on.set()
    await rig.settled(cascade_id)


async def test_thoughts_alone_are_followed_up_with_the_same_conversation(rig: Rig) -> None:
    rig.upstream.scripts.extend(
        [says(wire.thought("hmm", finish="STOP")), says(wire.text("yes", finish="STOP"))]
    )
    trajectory = await rig.ask(MARKER)
    assert rig.upstream.bodies[0] == rig.upstream.bodies[1]
    assert [step["plannerResponse"].get("response") for step in planner_steps(trajectory)] == [None, "yes"]
    assert termination(trajectory) == "NO_TOOL_CALL"


async def test_endless_thinking_is_given_up(rig: Rig) -> None:
    rig.upstream.scripts.extend([says(wire.thought("hmm", finish="STOP"))] * 9)
    trajectory = await rig.ask("hi")
    assert len(rig.upstream.bodies) == 4
    assert trajectory["status"] == "CASCADE_RUN_STATUS_IDLE"
    assert termination(trajectory) == "MAX_INVOCATIONS"


async def test_an_empty_stop_ends_the_run(rig: Rig) -> None:
    rig.upstream.scripts.append(says(wire.finish()))
    trajectory = await rig.ask("hi")
    (planner,) = planner_steps(trajectory)
    assert planner["status"] == "CORTEX_STEP_STATUS_DONE"
    assert "response" not in planner["plannerResponse"]
    assert len(rig.upstream.bodies) == 1


async def test_a_function_call_that_it_does_not_know_ends_the_run(rig: Rig) -> None:
    call = {"functionCall": {"id": "c1", "name": "get_weather", "args": {"city": "Oslo"}}}
    rig.upstream.scripts.append(says(wire.parts(call, finish="STOP")))
    trajectory = await rig.ask("hi")
    planner, error = trajectory["trajectory"]["steps"][1:]
    assert planner["plannerResponse"]["toolCalls"] == [
        {"id": "c1", "name": "get_weather", "argumentsJson": '{"city":"Oslo"}'}
    ]
    assert error["type"] == "CORTEX_STEP_TYPE_ERROR_MESSAGE"
    assert "get_weather" in error["errorMessage"]["error"]["userErrorMessage"]
    assert len(rig.upstream.bodies) == 1
    assert trajectory["status"] == "CASCADE_RUN_STATUS_ERROR"


async def test_an_upstream_error_is_told_in_its_own_words_and_not_retried(rig: Rig) -> None:
    body = b'{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED"}}'
    rig.upstream.scripts.append(refuses(429, body))
    trajectory = await rig.ask("hi")
    assert trajectory["trajectory"]["steps"][-1]["errorMessage"] == {
        "error": {"userErrorMessage": "Quota exceeded.", "shortError": "HTTP 429 RESOURCE_EXHAUSTED"}
    }
    assert len(rig.upstream.bodies) == 1
    assert trajectory["status"] == "CASCADE_RUN_STATUS_ERROR"
    assert termination(trajectory) == "ERROR"


async def test_after_an_error_the_cascade_can_go_on_with_alternating_turns(rig: Rig) -> None:
    rig.upstream.scripts.append(refuses(503, b"overloaded"))
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "one")
    await rig.settled(cascade_id)
    await rig.send(cascade_id, "two")
    trajectory = await rig.settled(cascade_id, runs=2)
    assert trajectory["status"] == "CASCADE_RUN_STATUS_IDLE"
    assert [turn["role"] for turn in rig.upstream.bodies[1]["contents"]] == ["user", "model", "user"]


async def test_an_answer_that_breaks_off_is_an_error_and_keeps_its_text(rig: Rig) -> None:
    rig.upstream.scripts.append(says(wire.text("half")))
    trajectory = await rig.ask("hi")
    planner, error = trajectory["trajectory"]["steps"][1:]
    assert planner["plannerResponse"]["response"] == "half"
    assert planner["plannerResponse"]["stopReason"] == "STOP_REASON_CLIENT_STREAM_ERROR"
    assert planner["status"] == "CORTEX_STEP_STATUS_ERROR"
    assert "broke off" in error["errorMessage"]["error"]["userErrorMessage"]


@pytest.mark.parametrize("headers_sent", [False, True])
async def test_cancelling_closes_the_upstream_call(rig: Rig, headers_sent: bool) -> None:
    never = asyncio.Event()
    script = sends(wire.frame(wire.text("half")), then=never) if headers_sent else hangs(never)
    rig.upstream.scripts.append(script)
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "hi")
    await becomes_true(lambda: rig.upstream.open_calls == 1)
    if headers_sent:
        await half_answer_arrived(rig, cascade_id)
    await rig.ok("CancelCascadeInvocation", cascadeId=cascade_id)
    await becomes_true(lambda: rig.upstream.broken_calls == 1)
    trajectory = await rig.settled(cascade_id)
    (planner,) = planner_steps(trajectory)
    assert planner["status"] == "CORTEX_STEP_STATUS_DONE"
    assert planner["plannerResponse"]["stopReason"] == "STOP_REASON_CLIENT_STREAM_ERROR"
    assert trajectory["status"] == "CASCADE_RUN_STATUS_IDLE"
    assert termination(trajectory) == "USER_CANCELED"


async def half_answer_arrived(rig: Rig, cascade_id: str) -> None:
    async def look() -> bool:
        answer = await rig.ok("GetCascadeTrajectorySteps", cascadeId=cascade_id, stepOffset=1)
        return bool(answer.get("steps") and answer["steps"][0]["plannerResponse"].get("response"))

    await eventually(look)


async def test_cancelling_drops_the_messages_that_wait(rig: Rig) -> None:
    rig.upstream.scripts.append(hangs(asyncio.Event()))
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "one")
    await rig.send(cascade_id, "two")
    await becomes_true(lambda: rig.upstream.open_calls == 1)
    await rig.ok("CancelCascadeInvocation", cascadeId=cascade_id)
    trajectory = await rig.settled(cascade_id)
    assert trajectory["status"] == "CASCADE_RUN_STATUS_IDLE"
    assert len(rig.upstream.bodies) == 1


async def test_closing_the_server_closes_the_upstream_calls(certificates: Certificates) -> None:
    async with running_rig(certificates) as rig:
        rig.upstream.scripts.append(sends(wire.frame(wire.text("half")), then=asyncio.Event()))
        cascade_id = await rig.start_cascade()
        await rig.send(cascade_id, "hi")
        await half_answer_arrived(rig, cascade_id)
        await rig.server.close()
        await becomes_true(lambda: rig.upstream.broken_calls == 1)


async def test_twenty_calls_in_a_row_share_a_tunnel(rig: Rig) -> None:
    for _ in range(20):
        await rig.ask("hi")
    assert len(rig.upstream.bodies) == 20
    assert rig.proxy.tunnels == 1


async def test_a_pooled_connection_that_died_is_replaced(rig: Rig) -> None:
    await rig.ask("one")
    rig.proxy.cut_next_request = True
    trajectory = await rig.ask("two")
    assert planner_steps(trajectory)[0]["plannerResponse"]["response"] == "fine"
    assert rig.proxy.tunnels == 2
    assert len(rig.upstream.bodies) == 2


async def test_a_fresh_connection_that_dies_is_not_retried(rig: Rig) -> None:
    async def hang_up(request: Any) -> Any:
        request.transport.abort()
        await asyncio.Event().wait()

    rig.upstream.scripts.append(hang_up)
    trajectory = await rig.ask("hi")
    assert trajectory["status"] == "CASCADE_RUN_STATUS_ERROR"
    assert len(rig.upstream.bodies) == 1


async def test_an_unreachable_interceptor_is_named(certificates: Certificates) -> None:
    async with running_rig(certificates, proxy_url="http://127.0.0.1:1") as rig:
        trajectory = await rig.ask("hi")
        error = trajectory["trajectory"]["steps"][-1]["errorMessage"]["error"]
        assert error["userErrorMessage"] == "The interceptor cannot be reached."


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "headers", [JSON, {**JSON, "x-codeium-csrf-token": "wrong"}], ids=["missing", "wrong"]
)
@pytest.mark.parametrize("method", ["Heartbeat", "StreamCascadeReactiveUpdates", "NoSuchMethod"])
async def test_without_the_token_nothing_is_served(rig: Rig, method: str, headers: dict[str, str]) -> None:
    status, answer = await rig.post(method, b"{}", headers)
    assert status == 401
    assert answer["code"] == "unauthenticated"
    assert answer["message"]


async def test_an_unknown_method_is_a_404(rig: Rig) -> None:
    status, answer = await rig.call("NoSuchMethod")
    assert (status, answer["code"]) == (404, "unimplemented")


async def test_a_unary_call_must_be_json(rig: Rig) -> None:
    headers = {"Content-Type": "text/plain", "x-codeium-csrf-token": TOKEN}
    status, _ = await rig.post("Heartbeat", b"{}", headers)
    assert status == 500


async def test_a_taken_port_is_an_error(rig: Rig) -> None:
    config = LanguageServerConfig(upstream_url=rig.upstream.url, csrf_token=TOKEN, port=rig.server.port)
    with pytest.raises(OSError, match="address already in use"):
        await start(config)

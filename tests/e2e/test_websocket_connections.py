"""WebSocket mode: connections that are refused, slow, too large, too old, left or closed."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.conftest import BOTH, MAX_REQUEST_BYTES
from tests.e2e.processes import processes_using
from tests.e2e.sockets import Socket, answer_of, opened, said, upgrade_headers
from tests.e2e.stacks import Simulator, Stack, further_gateway, serve, wait_until
from tests.e2e.streams import Event, types

SLOW = "[[chunks=200]] [[delay_ms=50]]"


def close_code(talking: Socket, received: list[Event] | None = None) -> int:
    """Read to the end of the connection; the code that the gateway closed it with."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            event = talking.read()
            if received is not None:
                received.append(event)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


@BOTH
def test_a_client_that_leaves_closes_the_upstream(stack: Stack) -> None:
    with stack.simulator.stream_is_closed(2), opened(stack) as talking:
        talking.create(SLOW, stream_id="a")
        talking.create(SLOW, stream_id="b")
        seen: dict[str, str] = {}
        deltas: set[str] = set()
        while len(deltas) < 2:
            event = talking.read()
            if "response" in event:
                seen[event["stream_id"]] = event["response"]["id"]
            if event["type"] == "response.output_text.delta":
                deltas.add(event["stream_id"])
        talking.connection.socket.close()

    for response_id in seen.values():
        booked = stack.booking(response_id)
        assert (booked["outcome"], booked["source"]) == ("client_disconnect", "intercepted")


@pytest.mark.parametrize("arrangement", ["split"])
def test_a_client_that_does_not_read_holds_its_answers_back(stack: Stack) -> None:
    """Nothing piles up in the gateway: what it cannot send, it does not make."""
    text = "x" * 200_000  # told five times over; the sockets on the way hold the answers to a few requests
    lanes = [f"lane-{number}" for number in range(31)]
    with opened(stack, max_queue=1, ping_interval=None) as reader, opened(stack) as other:
        for lane in lanes:
            reader.create(f"[[text={text}]]", stream_id=lane)
        reader.create("the last of them", stream_id="last")
        for _ in range(30):
            assert said(other.ask("hi")) == "You said: hi"
        assert not stack.simulator.saw("the last of them")

        ended: list[str] = []
        while len(ended) < 32:
            event = reader.read()
            if event["type"] == "response.completed":
                ended.append(event["stream_id"])
    assert set(ended) == {*lanes, "last"}


@pytest.mark.parametrize("arrangement", ["split"])
def test_an_image_of_12_megabytes(stack: Stack) -> None:
    data = "A" * 12_000_000
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{data}"}
    with opened(stack) as talking:
        answer = talking.ask([{"type": "message", "role": "user", "content": [image]}])
        again = talking.ask("and now?", previous_response_id=answer_of(answer)["id"])

    assert "I see image/png (9000000 bytes)." in said(answer)
    assert answer_of(again)["status"] == "completed"


def test_a_message_larger_than_a_request_may_be_closes_the_connection(stack: Stack) -> None:
    with opened(stack) as talking:
        talking.create("x" * MAX_REQUEST_BYTES)
        assert close_code(talking) == 1009


@BOTH
@pytest.mark.parametrize("authorization", ["Bearer zg-aaaaaaaa-" + "b" * 43, "Bearer sk-something", ""])
def test_an_upgrade_without_a_good_key_is_answered_in_http(stack: Stack, authorization: str) -> None:
    with stack.http() as http:
        answer = http.get("/v1/responses", headers=upgrade_headers(Authorization=authorization))

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_there_is_no_other_websocket(stack: Stack) -> None:
    with stack.http() as http:
        assert http.get("/v1/elsewhere", headers=upgrade_headers()).status_code == 403


def test_a_revoked_key_is_noticed_on_an_open_connection(stack: Stack) -> None:
    other = replace(stack, api_key=stack.make_api_key("leaver"))
    with opened(other) as talking:
        assert said(talking.ask("hi")) == "You said: hi"
        stack.query(
            "UPDATE responses_api_apikey SET revoked_at = now() FROM auth_user"
            " WHERE owner_id = auth_user.id AND username = 'leaver' RETURNING auth_user.id"
        )
        wait_until(lambda: "status" in talking.ask("hi")[-1], within=10)
        status, error = talking.refusal()

    assert (status, error["code"]) == (401, "invalid_api_key")


def test_switched_off(split_stack: Stack, folder: Path) -> None:
    off, process = further_gateway(split_stack, folder, WEBSOCKET="false")
    with off.http() as http:
        answer = http.get("/v1/responses", headers=upgrade_headers())
    process.stop()

    assert (answer.status_code, answer.json()["error"]["code"]) == (426, "websocket_not_available")


def test_a_connection_that_is_too_old_ends_after_what_is_running(split_stack: Stack, folder: Path) -> None:
    brief, process = further_gateway(split_stack, folder, WEBSOCKET_MAX_SECONDS="2")
    with opened(brief) as talking:
        events = talking.ask("[[text=long enough]] [[first_delay_ms=3000]]")
        assert said(events) == "long enough"
        frame = talking.read()
        assert (frame["status"], frame["error"]["code"]) == (400, "websocket_connection_limit_reached")
        assert close_code(talking) == 1001
    process.stop()


@BOTH
def test_a_stop_ends_running_responses_and_then_the_connection(
    stack: Stack, arrangement: str, folder: Path, simulator: Simulator
) -> None:
    """Also where the connection was made within the last second, which daphne alone does not survive."""
    if arrangement == "serve":
        running = serve(folder, simulator)
    else:
        running, _ = further_gateway(stack, folder)
    received: list[Event] = []
    with simulator.stream_is_closed(), opened(running) as talking:
        talking.create("[[chunks=9]] [[stall=3]]")
        while "response.output_text.delta" not in types(received):
            received.append(talking.read())
        with opened(running) as fresh:
            running.processes[0].send_signal(signal.SIGTERM)
            assert close_code(fresh) == 1012
        assert close_code(talking, received) == 1012

    assert received[-1]["type"] == "response.failed"
    running.processes[0].stop(within=5)
    wait_until(lambda: not processes_using(folder), within=5)

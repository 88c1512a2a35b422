"""One request of a connection: it always ends in a frame that says how."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from responses_api.access.callers import Caller
from responses_api.call_headers import CallMarks
from responses_api.consumers import websocket_turn
from responses_api.consumers.websocket_turn import Client, Turn
from responses_api.core.chain_memory import ChainMemory
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import AuthenticationFailed, UpstreamFault
from responses_api.core.websocket_frames import CreateFrame

CLIENT = Client("Bearer key", "192.0.2.1", "tester", CallMarks("req_1", None))
SAID = [ConversationItem({"type": "message", "role": "user", "content": []})]


class FakeGeneration:
    """Ends as its model says."""

    def __init__(self, ending: str) -> None:
        self._ending = ending
        self.id = "resp_new"
        self.chain = SAID
        self.ended = False
        self.left = False
        self.interrupted = False
        self.response = {"status": ending}

    async def begin(self) -> None:
        if self._ending == "refused":
            raise UpstreamFault("Overloaded.", http_status=503)

    async def wait_for_answer(self, grace: float) -> None:
        pass

    async def batches(self) -> AsyncIterator[list[Any]]:
        yield [{"type": "response.created", "sequence_number": 0}]
        if self._ending == "crashed":
            raise ZeroDivisionError("secret detail")
        self.ended = True
        yield [{"type": f"response.{self._ending}", "sequence_number": 1}]

    async def crash(self) -> list[Any]:
        return [{"type": "response.failed", "sequence_number": 1}]

    def interrupt(self) -> None:
        self.interrupted = True

    def leave(self) -> None:
        self.left = True


generations: list[FakeGeneration] = []
remembered: list[set[str]] = []


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    async def authenticate(authorization: str | None, address: str) -> Caller:
        if authorization != CLIENT.authorization:
            raise AuthenticationFailed("Incorrect API key provided.")
        return Caller(1, 1, "")

    async def prepare(request: Any, *args: Any, **options: Any) -> FakeGeneration:
        if request.model == "bug":
            raise ZeroDivisionError("secret detail")
        remembered.append(set(options["remembered"]))
        generations.append(FakeGeneration(request.model))
        return generations[-1]

    monkeypatch.setattr(websocket_turn, "authenticate", authenticate)
    monkeypatch.setattr(websocket_turn, "prepare", prepare)
    generations.clear()
    remembered.clear()


async def run(
    memory: ChainMemory, model: str, *, client: Client = CLIENT, **body: Any
) -> list[dict[str, Any]]:
    """The frames that a request for ``model`` on the lane ``a`` is answered with."""
    frames: list[dict[str, Any]] = []

    async def send(text: str) -> None:
        frames.append(json.loads(text))

    request = {"model": model, "input": "hi", "store": False, "stream": True, **body}
    await Turn(CreateFrame("a", True, request, 10), client, memory, send).run()
    assert {frame["stream_id"] for frame in frames} == {"a"}
    assert all(generation.left for generation in generations)
    return frames


@pytest.mark.parametrize(
    ("ending", "kept"), [("completed", {"resp_new"}), ("incomplete", {"resp_new"}), ("failed", {"resp_old"})]
)
async def test_a_response_that_can_be_continued_is_remembered(ending: str, kept: set[str]) -> None:
    memory = ChainMemory(10_000)
    memory.remember("a", "resp_old", SAID)
    frames = await run(memory, ending, previous_response_id="resp_old")

    assert [frame["type"] for frame in frames] == ["response.created", f"response.{ending}"]
    assert remembered == [{"resp_old"}]
    assert set(memory.chains) == kept


async def test_a_stored_response_is_not_remembered() -> None:
    memory = ChainMemory(10_000)
    await run(memory, "completed", store=True)
    assert not memory.chains


async def test_a_stored_response_cannot_continue_one_that_is_not() -> None:
    memory = ChainMemory(10_000)
    memory.remember("b", "resp_old", SAID)
    (frame,) = await run(memory, "completed", store=True, previous_response_id="resp_old")

    assert (frame["status"], frame["error"]["param"]) == (400, "store")


@pytest.mark.parametrize(
    ("model", "change", "status", "code"),
    [
        ("refused", {}, 503, "server_error"),
        ("bug", {}, 500, "server_error"),
        ("completed", {"temperature": 9}, 400, "decimal_above_max_value"),
    ],
)
async def test_an_error_evicts_what_was_continued(
    model: str, change: dict[str, Any], status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    memory = ChainMemory(10_000)
    memory.remember("a", "resp_old", SAID)
    (frame,) = await run(memory, model, previous_response_id="resp_old", **change)

    assert (frame["type"], frame["status"], frame["error"]["code"]) == ("error", status, code)
    assert "secret" not in str(frame)
    assert not memory.chains
    assert ("ZeroDivisionError" in caplog.text) == (model == "bug")


async def test_the_key_is_asked_for_each_time() -> None:
    (frame,) = await run(
        ChainMemory(100), "completed", client=replace(CLIENT, authorization="Bearer revoked")
    )
    assert (frame["status"], frame["error"]["code"]) == (401, "invalid_api_key")


async def test_a_bug_in_mid_stream_still_ends_in_a_terminal_event(caplog: pytest.LogCaptureFixture) -> None:
    frames = await run(ChainMemory(100), "crashed")

    assert [frame["type"] for frame in frames] == ["response.created", "response.failed"]
    assert "ZeroDivisionError" in caplog.text


async def test_an_interruption_reaches_the_response() -> None:
    async def send(text: str) -> None:
        turn.interrupt()

    request = {"model": "completed", "input": "hi", "store": False, "stream": True}
    turn = Turn(CreateFrame(None, True, request, 10), CLIENT, ChainMemory(100), send)
    turn.interrupt()
    await turn.run()

    assert generations[0].interrupted

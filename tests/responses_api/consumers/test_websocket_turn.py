"""One request of a connection: it always ends in a frame that says how."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.access.limits.rules import Allowance, Limits
from responses_api.call_headers import CallMarks
from responses_api.consumers import websocket_turn
from responses_api.consumers.websocket_turn import Client, Turn
from responses_api.core.chain_memory import ChainMemory
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import AuthenticationFailed, RateLimited, UpstreamFault
from responses_api.core.websocket_frames import CreateFrame
from responses_api.runtime import database
from tests.conftest import MakeApiKey

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
        self.admission = Admission((), self.id)

    async def begin(self) -> None:
        if self._ending == "limited":
            self.admission.headers = {"x-ratelimit-remaining-requests": "0"}
            raise RateLimited("Slow down.", retry_after=6.5)
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
    memory: ChainMemory, model: str, *, client: Client = CLIENT, generate: bool = True, **body: Any
) -> list[dict[str, Any]]:
    """The frames that a request for ``model`` on the lane ``a`` is answered with."""
    frames: list[dict[str, Any]] = []

    async def send(text: str) -> None:
        frames.append(json.loads(text))

    request = {"model": model, "input": "hi", "store": False, "stream": True, **body}
    await Turn(CreateFrame("a", generate, request, 10), client, memory, send).run()
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


async def test_a_refusal_says_what_headers_would_say() -> None:
    (frame,) = await run(ChainMemory(100), "limited")

    assert frame["status"] == 429
    assert frame["headers"] == frame["error"]["headers"]
    told = {name: frame["headers"].get(name) for name in ("retry-after", "x-request-id")}
    assert told == {"retry-after": "7", "x-request-id": "req_1"}
    assert frame["headers"]["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_a_warm_up_that_is_refused_says_it_too(
    alice: User, make_api_key: MakeApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await database.run(lambda: make_api_key(alice)[0])
    limited = (Allowance(f"key:{key.pk}", Limits(requests_per_minute=1)),)

    async def authenticate(authorization: str | None, address: str) -> Caller:
        return Caller(key.pk, alice.pk, "", allowances=limited)

    monkeypatch.setattr(websocket_turn, "authenticate", authenticate)
    memory = ChainMemory(1000)
    assert (await run(memory, "gemini-3.8-flash", generate=False))[-1]["type"] == "response.completed"
    (frame,) = await run(memory, "gemini-3.8-flash", generate=False)

    assert (frame["status"], frame["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(frame["headers"]["retry-after"]) <= 60
    assert frame["headers"]["x-ratelimit-limit-requests"] == "1"
    assert frame["headers"]["x-ratelimit-remaining-requests"] == "0"


async def test_any_error_can_be_traced_to_its_request() -> None:
    (frame,) = await run(ChainMemory(100), "completed", temperature=9)
    assert frame["headers"]["x-request-id"] == "req_1"
    assert not [name for name in frame["headers"] if "ratelimit" in name]


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

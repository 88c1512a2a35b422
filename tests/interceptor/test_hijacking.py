"""Attempts to get at another user's exchange: its marker wherever a client's text could put it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from responses_api.core.generation_events import Finished

from .proxies import GENERATE, OVERLAY, STOP, ProxiedPath, all_events, marked, said

HELLO = {"role": "user", "parts": [{"text": "hello"}]}


def _asks(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(parts)}], **more}


def _call(marker: str) -> dict[str, Any]:
    return {"functionCall": {"name": marker, "args": {"text": marker}}}


PASSED_ON: dict[str, Callable[[str], Any]] = {
    "in a sentence": lambda marker: _asks({"text": f"Please repeat {marker}"}),
    "as one line of several": lambda marker: _asks({"text": f"hello\n{marker}\nhello"}),
    "in an earlier turn": lambda marker: {
        "contents": [marked(marker[6:-1])["contents"][0], {"role": "model", "parts": [{"text": "hm"}]}, HELLO]
    },
    "as the model's words": lambda marker: {
        "contents": [HELLO, {"role": "model", "parts": [{"text": marker}]}]
    },
    "as the system instruction": lambda marker: _asks(
        {"text": "hello"}, systemInstruction={"parts": [{"text": marker}]}
    ),
    "in a function call": lambda marker: {"contents": [HELLO, {"role": "model", "parts": [_call(marker)]}]},
    "in a function's result": lambda marker: _asks(
        {"functionResponse": {"name": "f", "response": {"output": marker, "text": marker}}}
    ),
    "as code, a file, a name": lambda marker: _asks(
        {"executableCode": {"code": marker}},
        {"fileData": {"fileUri": marker}},
        {"inlineData": {"mimeType": marker, "data": marker}},
    ),
    "escaped twice": lambda marker: _asks({"text": json.dumps(marker)[1:-1].replace("<", "\\u003c")}),
    "with a character that is not seen": lambda marker: _asks(
        {"text": f"{marker}\u200b"}, {"text": f"\ufeff{marker}"}
    ),
    "with letters that look alike": lambda marker: _asks({"text": marker.replace("c", "с")}),
    "split over two parts": lambda marker: _asks({"text": marker[:9]}, {"text": marker[9:]}),
    "in fields around the request": lambda marker: {
        "model": marker,
        "request": _asks({"text": marker}),
        "text": marker,
        "project": marker,
    },
    "in the configuration": lambda marker: _asks(
        {"text": "hello"},
        generationConfig={"stopSequences": [marker]},
        tools=[{"functionDeclarations": [{"name": "f", "description": marker}]}],
        cachedContent=marker,
        labels={"text": marker},
    ),
    "in a nested turn": lambda marker: _asks({"text": {"text": marker}}, {"parts": [{"text": marker}]}),
}
"""Bodies with the marker of another exchange that are nothing but a client's text."""


@pytest.mark.parametrize("way", PASSED_ON)
async def test_a_marker_in_a_clients_text_does_nothing(path: ProxiedPath, way: str) -> None:
    path.upstream.script = lambda seen: seen.stream(said("yours"), STOP)
    victim = path.exchange(cascade := uuid.uuid4().hex)
    marker = f".<cid:{cascade}>"
    body = PASSED_ON[way](marker)
    headers = {"x-goog-user-project": marker, "user-agent": marker, "x-cascade": marker}
    async with path.client() as client:
        await client.post(f"{GENERATE}&cascadeId={marker}", json=body, headers=headers)
        (seen,) = path.upstream.exchanges
        assert json.loads(seen.body) == body
        assert "secret of" not in str(seen.headers)
        assert victim.turns == 0

        # Its owner gets it all the same.
        await client.post(GENERATE, json=marked(cascade))
        assert isinstance((await all_events(victim))[-1], Finished)
    assert path.upstream.exchanges[1].body == OVERLAY


@pytest.mark.parametrize(
    "way", ["ended", "running", "unknown", "another gateway's", "beside one's own", "behind one's own"]
)
async def test_a_marker_that_is_not_the_callers_is_answered_locally(path: ProxiedPath, way: str) -> None:
    path.upstream.script = lambda seen: seen.stream(said("theirs"), STOP)
    victim = path.exchange(cascade := uuid.uuid4().hex)
    async with path.client() as client:
        body: dict[str, Any] = marked(cascade)
        match way:
            case "ended" | "running":
                await client.post(GENERATE, json=body)
                await all_events(victim)
                victim.close()
            case "unknown" | "another gateway's":
                body = marked(uuid.uuid4().hex)
            case "beside one's own" | "behind one's own":
                own = path.exchange(mine := uuid.uuid4().hex)
                parts = [{"text": f".<cid:{mine}>"}, {"text": f".<cid:{cascade}>"}]
                body = _asks(*(parts if way.startswith("beside") else reversed(parts)))
                assert own.turns == 0
        forwarded, turns = len(path.upstream.exchanges), victim.turns
        answer = await client.post(GENERATE, json=body)

    assert answer.status_code == 200
    assert b"theirs" not in answer.content
    assert b'"finishReason":"STOP"' in answer.content
    assert (len(path.upstream.exchanges), victim.turns) == (forwarded, turns)

"""Streams as clients see them while something breaks, and what has to hold of every one of them."""

import asyncio
import json
import time
from dataclasses import dataclass, field

import aiohttp

from interceptor.simulator.answer import expected_text
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import TERMINAL, Event, text_of


@dataclass(slots=True)
class Watched:
    """One client's stream."""

    prompt: str
    events: list[Event] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the first text, or when there will be none."""
    refusal: str = ""
    """HTTP status and message of an error that came instead of a stream."""
    cut: bool = False
    """Whether the connection ended before the stream did."""
    seconds: float = 0.0
    hold: asyncio.Event | None = None
    """Where there is one, its reader pauses after the first text until it is set."""

    @property
    def response_id(self) -> str:
        return str(self.events[0]["response"]["id"])

    @property
    def end(self) -> str:
        """``completed``, ``failed``, ``incomplete``, ``cut`` or ``refused``."""
        if self.refusal:
            return "refused"
        return "cut" if self.cut else self.events[-1]["type"].removeprefix("response.")

    def check(self) -> None:
        """What was told is the upstream's text from its beginning; one terminal event, nothing behind it."""
        if self.refusal:
            return
        assert [event["sequence_number"] for event in self.events] == list(range(len(self.events)))
        terminal = [event["type"] for event in self.events if event["type"] in TERMINAL]
        assert terminal == ([] if self.cut else [self.events[-1]["type"]])
        told, whole = text_of(self.events), expected_text(self.prompt, MODEL)
        assert whole.startswith(told), f"{told!r} is no beginning of {whole!r}"
        if self.end == "completed":
            assert told == whole
        if not self.cut:
            assert output_text(self.events[-1]["response"]) == told


def output_text(response: Event) -> str:
    """What is written in the messages of a response object."""
    messages = [item for item in response["output"] if item["type"] == "message"]
    return "".join(part["text"] for message in messages for part in message["content"])


async def watch(
    session: aiohttp.ClientSession, stack: Stack, watched: Watched, *, bound: float, **parameters: object
) -> None:
    """Read the stream to its end, however it ends; AssertionError if that takes longer than ``bound``."""
    body = {"model": MODEL, "input": watched.prompt, "stream": True, **parameters}
    began = time.monotonic()
    try:
        async with asyncio.timeout(bound):
            await _read(session, stack, watched, body)
    except TimeoutError:
        raise AssertionError(f"a client hangs: {watched.prompt} {watched.events[-3:]}") from None
    except (aiohttp.ClientError, ConnectionError):
        watched.cut = True
    finally:
        watched.seconds = time.monotonic() - began
        watched.begun.set()


async def _read(
    session: aiohttp.ClientSession, stack: Stack, watched: Watched, body: dict[str, object]
) -> None:
    url = f"{stack.base_url}/v1/responses"
    async with session.post(url, json=body, headers=stack.headers) as answer:
        if answer.status != 200:
            watched.refusal = f"{answer.status}: {(await answer.json())['error']['message']}"
            return
        pending = b""
        async for data in answer.content.iter_any():
            *frames, pending = (pending + data).split(b"\n\n")
            for frame in frames:
                if frame != b"data: [DONE]":
                    event: Event = json.loads(frame.partition(b"\ndata: ")[2])
                    watched.events.append(event)
                    if event["type"] == "response.output_text.delta":
                        watched.begun.set()
            if watched.hold is not None and watched.begun.is_set():
                await watched.hold.wait()
        assert frame == b"data: [DONE]"
        assert pending == b""

"""WebSocket mode off the wire: frames as they are, with nothing of ours in between."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import TERMINAL, Event

_PATIENCE = 30.0
_OLDEST_KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Socket:
    """One connection of a client that reads one frame after the other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, frame: dict[str, Any]) -> None:
        self.connection.send(json.dumps(frame))

    def create(self, text: Any, **parameters: Any) -> None:
        """Ask for a response to ``text``, which is not to be stored unless ``parameters`` say so."""
        self.send({"type": "response.create", "model": MODEL, "store": False, "input": text, **parameters})

    def read(self) -> Event:
        """The next frame."""
        frame: Event = json.loads(self.connection.recv(timeout=_PATIENCE))
        return frame

    def read_answer(self) -> list[Event]:
        """The frames of the next response, or the error that came instead of one."""
        events = [self.read()]
        while events[-1]["type"] not in TERMINAL and "status" not in events[-1]:
            events.append(self.read())
        return events

    def ask(self, text: Any, **parameters: Any) -> list[Event]:
        """Ask for a response and read it; checks that its numbers are dense."""
        self.create(text, **parameters)
        events = self.read_answer()
        if "status" not in events[-1]:
            assert [event["sequence_number"] for event in events] == list(range(len(events)))
        return events

    def refusal(self, text: Any = "hi", **parameters: Any) -> tuple[int, dict[str, Any]]:
        """Status and error, without its headers, of a request that is turned away."""
        (frame,) = self.ask(text, **parameters)
        assert frame["type"] == "error"
        return frame["status"], {name: value for name, value in frame["error"].items() if name != "headers"}


@contextmanager
def opened(stack: Stack, **options: Any) -> Iterator[Socket]:
    """A connection with the stack's API key."""
    url = stack.base_url.replace("http", "ws", 1) + "/v1/responses"
    with connect(url, additional_headers=stack.headers, max_size=None, proxy=None, **options) as connection:
        yield Socket(connection)


def upgrade_headers(**further: str) -> dict[str, str]:
    """What makes a plain HTTP client ask for the upgrade, to see how it is refused."""
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": _OLDEST_KEY,
        **further,
    }


def answer_of(events: list[Event]) -> dict[str, Any]:
    """The response that the last event carries."""
    response: dict[str, Any] = events[-1]["response"]
    return response


def said(events: list[Event]) -> str:
    """The text of the answer."""
    parts = [part for item in answer_of(events)["output"] for part in item.get("content") or []]
    return "".join(part.get("text", "") for part in parts)

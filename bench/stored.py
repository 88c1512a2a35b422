"""What stored responses cost: reading one, listing items, and each turn of a chain of 200."""

import http.client
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bench.report import table
from bench.scenarios import WrongAnswers
from bench.stack import Stack, running_stack

_TURNS = 200
_WINDOW = 20
_READS = 300
_PAGE = 50
_HEAD = (
    ("", "latency, ms", "", "CPU, ms a request", ""),
    ("", "p50", "p95", "gateway", "database"),
)


@dataclass(frozen=True, slots=True)
class _Cost:
    latencies: Sequence[float]
    """Milliseconds."""
    gateway: float
    database: float
    """Milliseconds of CPU per request."""

    def row(self, title: str) -> Sequence[str]:
        cuts = statistics.quantiles(self.latencies, n=20)
        figures = (statistics.median(self.latencies), cuts[-1], self.gateway, self.database)
        return (title, *(f"{figure:.1f}" for figure in figures))


class _Client:
    """One kept-alive connection to the gateway."""

    def __init__(self, stack: Stack) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(stack.base_url).netloc)
        self._headers = {"Authorization": f"Bearer {stack.api_key}", "Content-Type": "application/json"}

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """The answer, which must be a success."""
        encoded = msgspec.json.encode(body) if body else None
        self._connection.request(method, f"/v1/{path}", encoded, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise WrongAnswers(f"{method} {path}: {answer.status} {content[:200]!r}")
        document: dict[str, Any] = msgspec.json.decode(content)
        return document


def measure() -> str:
    """The report. Raises ``WrongAnswers``."""
    with running_stack() as stack, closing(_Client(stack)) as client:
        rows = [*_chain(stack, client), (), *_reads(stack, client)]
    return table(_HEAD, rows)


def _cost(stack: Stack, requests: Iterable[Callable[[], object]]) -> _Cost:
    before = stack.cpu_time()
    latencies = []
    for request in requests:
        began = time.perf_counter()
        request()
        latencies.append((time.perf_counter() - began) * 1000)
    used = (stack.cpu_time() - before) / len(latencies)
    return _Cost(latencies, used.gateway * 1000, used.database * 1000)


def _chain(stack: Stack, client: _Client) -> Iterable[Sequence[str]]:
    """The simulator says how many earlier turns it was sent: so nothing was lost on the way."""
    previous: str | None = None
    asked = 0

    def turn() -> None:
        nonlocal previous, asked
        answer = client.ask("POST", "responses", input=f"Turn {asked}.", previous_response_id=previous)
        text = answer["output"][-1]["content"][0]["text"]
        if asked and f"{2 * asked} earlier turns" not in text:
            raise WrongAnswers(f"turn {asked} was answered with: {text}")
        previous, asked = answer["id"], asked + 1

    for first in range(0, _TURNS, _WINDOW):
        cost = _cost(stack, [turn] * _WINDOW)
        if first in (0, _TURNS // 2, _TURNS - _WINDOW):
            yield cost.row(f"turns {first + 1} to {first + _WINDOW} of a chain")


def _reads(stack: Stack, client: _Client) -> Iterable[Sequence[str]]:
    said = [{"role": "user", "content": f"Item {number}."} for number in range(_TURNS)]
    made = client.ask("POST", "responses", input=said)
    conversation = client.ask("POST", "conversations", items=said[:20])["id"]
    paths = {
        "retrieve": f"responses/{made['id']}",
        f"list {_PAGE} of {_TURNS} input items": f"responses/{made['id']}/input_items?limit={_PAGE}",
        "list 20 items of a conversation": f"conversations/{conversation}/items?limit=20",
    }
    for title, path in paths.items():
        yield _cost(stack, [partial(client.ask, "GET", path)] * _READS).row(title)

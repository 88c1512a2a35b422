"""Directives: ``[[name=value key=value]]`` in the prompt, by which a test steers the answer.

Pure. ``docs/simulator.md`` explains each. What is not a known directive stays ordinary text.
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec

from .values import JsonObject

_DIRECTIVE = re.compile(r"\[\[([a-z_]+)(?:=(.*?))?\]\](?!\])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """``[[call=name*2 args={...}]]``: calls to make whatever the text says; no args: a sample."""

    name: str
    times: int = 1
    args: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """``[[status=429 retry=7 quota=day]]``: fail with an HTTP error."""

    code: int
    retry_seconds: float | None = None
    per_day: bool = False


CODE_OUTCOMES = {
    "ok": "OUTCOME_OK",
    "plot": "OUTCOME_OK",
    "failed": "OUTCOME_FAILED",
    "deadline": "OUTCOME_DEADLINE_EXCEEDED",
}
"""Values of ``[[code=...]]``, and how the program then ends."""


@dataclass(frozen=True, slots=True)
class Directives:
    """What a prompt asks for; None or False: not mentioned. Positions count data chunks."""

    chunks: int | None = None
    delay_ms: int = 0
    first_delay_ms: int = 0
    text: str | None = None
    finish: str | None = None
    finish_message: str | None = None
    block: str | None = None
    status: Status | None = None
    error_mid: int | None = None
    raw_error_mid: int | None = None
    error_code: int = 503
    cut: int | None = None
    cut_line: int | None = None
    cut_transfer: int | None = None
    reset: int | None = None
    stall: int | None = None
    garbage: int | None = None
    no_finish: bool = False
    no_content: bool = False
    calls: tuple[PlannedCall, ...] = ()
    calls_spread: bool = False
    thoughts: int | None = None
    thinking_only: bool = False
    signature: str = "on"
    cached: int = 0
    tool_prompt: int = 0
    echo_request: bool = False
    search: str | None = None
    ground: int = 2
    code: str = "ok"
    images: int = 1
    hops: int = 1
    stamp: bool = False
    times: int | None = None

    def without_faults(self) -> "Directives":
        """What is left when the faults have passed (``times``)."""
        return replace(
            self,
            status=None,
            block=None,
            finish=None,
            finish_message=None,
            error_mid=None,
            raw_error_mid=None,
            cut=None,
            cut_line=None,
            cut_transfer=None,
            reset=None,
            stall=None,
            garbage=None,
            no_finish=False,
            no_content=False,
            thinking_only=False,
            signature="on" if self.signature == "refuse" else self.signature,
        )


class BadDirective(ValueError):
    """A known directive with a value that makes no sense; the message says which."""


_FIELD_NAMES = {field.name for field in fields(Directives)} - {"calls"} | {"call"}
_FLAGS = {"no_finish", "no_content", "calls_spread", "thinking_only", "echo_request", "stamp"}
_TEXTS = {"text", "finish", "finish_message", "block", "search"}
_CHOICES = {"code": CODE_OUTCOMES.keys(), "signature": {"on", "off", "refuse"}}
_LITERAL = {"text", "finish_message", "search", "call"}
_TIMES = re.compile(r"(?:^|\s+)times=(\d+)\s*$")


def parse_directives(text: str) -> tuple[Directives, str]:
    """The directives in ``text``, and the text without them.

    Raises:
        BadDirective: a known name with an unusable value.
    """
    if "[[" not in text:
        return Directives(), text
    found = Directives()

    def take(match: re.Match[str]) -> str:
        nonlocal found
        name, value = match[1], match[2]
        if name not in _FIELD_NAMES:
            return match[0]
        try:
            found = _with(found, name, value)
        except (ValueError, msgspec.DecodeError) as error:
            raise BadDirective(f"simulator: cannot read the directive {match[0]}: {error}") from error
        return ""

    rest = _DIRECTIVE.sub(take, text)
    return found, " ".join(rest.split()) if rest != text else text


def _with(found: Directives, name: str, value: str | None) -> Directives:
    if value is not None and name not in _LITERAL and (match := _TIMES.search(value)):
        found = replace(found, times=int(match[1]))
        value = value[: match.start()] or None
    if name in _FLAGS:
        return replace(found, **_one(name, value in (None, "1", "true", "on")))
    if value is None:
        raise ValueError("it needs a value")
    if name in _TEXTS:
        return replace(found, **_one(name, value))
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ValueError(f"it must be one of {', '.join(sorted(_CHOICES[name]))}")
        return replace(found, **_one(name, value))
    if name == "call":
        return replace(found, calls=(*found.calls, _planned_call(value)))
    if name == "status":
        return replace(found, status=_status(value))
    number, options = _split(value)
    if "code" in options:
        found = replace(found, error_code=int(options["code"]))
    return replace(found, **_one(name, _natural(number)))


def _one(name: str, value: object) -> dict[str, Any]:
    return {name: value}


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("it must not be negative")
    return number


def _split(value: str) -> tuple[str, dict[str, str]]:
    """``"429 retry=7"`` -> ``("429", {"retry": "7"})``."""
    first, *rest = value.split()
    return first, dict(option.split("=", 1) for option in rest)


def _status(value: str) -> Status:
    code, options = _split(value)
    return Status(
        code=int(code),
        retry_seconds=float(options["retry"]) if "retry" in options else None,
        per_day=options.get("quota") == "day",
    )


def _planned_call(value: str) -> PlannedCall:
    target, _, args = value.partition(" args=")
    name, _, times = target.strip().partition("*")
    return PlannedCall(
        name=name,
        times=int(times) if times else 1,
        args=msgspec.json.decode(args, type=dict[str, Any]) if args else None,
    )

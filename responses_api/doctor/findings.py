"""What a check finds. Pure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a joint is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One joint, as it was found. No text of it holds a secret."""

    joint: str
    state: State
    says: str
    advice: str = ""
    """What to do; empty where there is nothing to be done."""


type Check = Callable[[], Awaitable[list[Finding]]]
"""Looks at one joint, or at several that hang together."""


def ok(joint: str, says: str) -> Finding:
    """A joint that holds."""
    return Finding(joint, State.OK, says)


def warning(joint: str, says: str, advice: str) -> Finding:
    """A joint that holds, but should be looked after."""
    return Finding(joint, State.WARNING, says, advice)


def failed(joint: str, says: str, advice: str) -> Finding:
    """A joint that does not hold."""
    return Finding(joint, State.FAILED, says, advice)

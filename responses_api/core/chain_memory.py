"""What one connection remembers of responses that are not stored.

Pure. A client that has nothing stored can still go on from its last response, as long as it
stays on the connection: of each lane the latest unstored response is kept, with everything
that was said before it. A lane that moves on replaces its response, as it does at OpenAI.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from responses_api.core.conversation import ConversationItem

_PER_VALUE = 32
"""Characters that one number, member or bracket is taken for."""


@dataclass(frozen=True, slots=True)
class _Latest:
    response_id: str
    weight: int


class ChainMemory:
    """Chains by the id of their last response; bounded.

    Args:
        capacity: characters that all chains may have together. The lanes that moved on
            longest ago are forgotten first; a chain that is too long by itself is not kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lanes: dict[str | None, _Latest] = {}
        self._chains: dict[str, Sequence[ConversationItem]] = {}

    @property
    def chains(self) -> Mapping[str, Sequence[ConversationItem]]:
        """By response id, everything that was said up to and including that response."""
        return self._chains

    def remember(self, lane: str | None, response_id: str, chain: Sequence[ConversationItem]) -> None:
        """Keep what ended with ``response_id`` on ``lane``, in place of what the lane had before."""
        self._drop(lane)
        weight = sum(_weight(item.wire) + _weight(_facts(item)) for item in chain)
        while self._lanes and self._total() + weight > self._capacity:
            self._drop(next(iter(self._lanes)))
        if weight <= self._capacity:
            self._lanes[lane] = _Latest(response_id, weight)
            self._chains[response_id] = tuple(chain)

    def forget(self, lane: str | None, response_id: str | None) -> None:
        """A continuation of ``response_id`` on ``lane`` failed: the lane cannot go on from it any more.

        Another lane's response stays: that lane may go on.
        """
        latest = self._lanes.get(lane)
        if latest is not None and latest.response_id == response_id:
            self._drop(lane)

    def _drop(self, lane: str | None) -> None:
        if (latest := self._lanes.pop(lane, None)) is not None:
            del self._chains[latest.response_id]

    def _total(self) -> int:
        return sum(latest.weight for latest in self._lanes.values())


def _facts(item: ConversationItem) -> Any:
    facts = item.upstream
    return None if facts is None else [facts.signature, facts.call_id, list(facts.parts)]


def _weight(value: Any) -> int:
    """About how many characters ``value`` has as JSON. Long texts cost nothing to weigh."""
    match value:
        case str():
            return len(value) + _PER_VALUE
        case Mapping():
            return _PER_VALUE + sum(len(name) + _weight(member) for name, member in value.items())
        case list() | tuple():
            return _PER_VALUE + sum(map(_weight, value))
        case _:
            return _PER_VALUE

"""What has reached the simulator: counters and the last requests, for tests to look at."""

from collections import Counter, deque
from dataclasses import dataclass, field, replace

import msgspec

from .values import JsonObject

_LARGEST_KEPT_BODY = 1_048_576
_MOST_COUNTED_PROMPTS = 1_000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request: its path with the query, how it was authenticated (never the secret), its body."""

    method: str
    path: str
    auth: str
    body: bytes
    credential: str = ""
    """Fingerprint of the secret."""

    def without_large_body(self) -> "SeenRequest":
        """Itself, or with a body that tells only how large it was, so that the history stays small."""
        if len(self.body) <= _LARGEST_KEPT_BODY:
            return self
        return replace(self, body=msgspec.json.encode({"large_body_bytes": len(self.body)}))

    def to_json(self) -> JsonObject:
        """The request; its body as JSON, as ``{"unparsed_bytes": N}`` when it is none, or null."""
        return {
            "method": self.method,
            "path": self.path,
            "auth": self.auth,
            "credential": self.credential,
            "body": self._body(),
        }

    def _body(self) -> object:
        if not self.body:
            return None
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {"unparsed_bytes": len(self.body)}


@dataclass(slots=True)
class Record:
    """Counters since the start, and a bounded history.

    Attributes:
        requests: requests to the Gemini endpoints, refused ones included.
        open_streams: streams being sent now.
        finished_streams: streams that were sent to their scripted end.
        aborted_streams: streams whose client closed before that.
    """

    history: deque[SeenRequest]
    requests: int = 0
    open_streams: int = 0
    finished_streams: int = 0
    aborted_streams: int = 0
    _prompts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def keeping(cls, number: int) -> "Record":
        """An empty record that remembers the last ``number`` requests."""
        return cls(history=deque(maxlen=number))

    def add(self, request: SeenRequest) -> None:
        """Count and remember a request; a very large body is remembered by its size only."""
        self.requests += 1
        self.history.append(request.without_large_body())

    def attempt(self, prompt: str) -> int:
        """How often this very prompt has come, this time included."""
        if len(self._prompts) >= _MOST_COUNTED_PROMPTS:
            self._prompts.clear()
        self._prompts[prompt] += 1
        return self._prompts[prompt]

    def stats(self) -> JsonObject:
        """The counters."""
        return {
            "requests": self.requests,
            "open_streams": self.open_streams,
            "finished_streams": self.finished_streams,
            "aborted_streams": self.aborted_streams,
        }

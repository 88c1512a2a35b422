"""What benchmark and load generator say to each other: one JSON line per command, one per result."""

from typing import Literal

import msgspec

type TargetName = Literal["gateway", "upstream"]
"""The Responses API, or the simulator driven directly."""


class Call(msgspec.Struct, frozen=True):
    """One kind of request, made many times; each prompt differs, so that mixed-up answers are noticed."""

    target: TargetName
    stream: bool
    chunks: int = 60
    """Pieces of text that the simulated model answers with."""
    delay_ms: int = 0
    """The simulator's pause before each piece but the first."""
    stall_after: int | None = None
    """Pieces after which the simulator falls silent for ever; None: it goes on to the end."""
    stamped: bool = False
    """Each piece is its number and the time at which the simulator sent it."""


class Burst(msgspec.Struct, frozen=True, tag=True):
    """Make ``requests`` calls, ``concurrency`` at a time; begin none after ``seconds``."""

    call: Call
    requests: int
    concurrency: int
    seconds: float


class Hold(msgspec.Struct, frozen=True, tag=True):
    """Open ``streams`` streams and keep them open; answer once each has shown its last piece."""

    call: Call
    streams: int


class Release(msgspec.Struct, frozen=True, tag=True):
    """Close all held streams; answer once the upstream has none open, at most ``seconds`` later."""

    seconds: float = 10.0


class Follow(msgspec.Struct, frozen=True, tag=True):
    """Begin ``streams`` streams of stamped pieces within ``ramp`` seconds, and read all to their ends."""

    call: Call
    streams: int
    ramp: float


type Command = Burst | Hold | Release | Follow


class Result(msgspec.Struct, frozen=True):
    """What became of a command. Times are in seconds, one entry per request."""

    wall: float = 0.0
    cpu: float = 0.0
    """CPU time of the load generator itself."""
    latencies: list[float] = []
    first_texts: list[float] = []
    """From the start of the request to the first piece of text; empty for whole answers."""
    delays: list[float] = []
    """Of each stamped piece, from its sending to its arrival."""
    durations: list[float] = []
    """Of each followed stream, from the arrival of its first piece to that of its last."""
    stretches: list[float] = []
    """Of each followed stream: that duration over the one in which the upstream sent it."""
    wrong: list[str] = []
    """What was wrong with wrong answers."""


encode = msgspec.json.Encoder().encode
decode_command = msgspec.json.Decoder[Command](Command).decode
decode_result = msgspec.json.Decoder(Result).decode

"""The channel layers there are, each carrying the exchange protocol's messages from one inbox to another.

Sender and receiver are two tasks of this process, each with connections of its own, over a real
Redis on this machine.
"""

import asyncio
import statistics
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
from django.utils.module_loading import import_string

from bench.processes import ProcessFailed
from bench.report import table

_REDIS = "redis://127.0.0.1:6379/0"
_MESSAGE = {"type": "zg.message", "v": 2, "body": b"x" * 220}
"""As large as a message with one text delta."""
_SECONDS = 3.0
_ROUND_TRIPS = 300
_WINDOW = 50
"""Messages on their way at once, below every layer's capacity."""
_HEAD = (("", "one way", "round trip, ms", ""), ("", "messages a second", "p50", "p99"))
_LAYERS = {
    "in memory": "channels.layers.InMemoryChannelLayer",
    "Redis, publish and subscribe": "channels_redis.pubsub.RedisPubSubChannelLayer",
    "Redis, lists": "channels_redis.core.RedisChannelLayer",
}


@dataclass(frozen=True, slots=True)
class _Figures:
    rate: float
    trips: Sequence[float]

    def row(self, name: str) -> Sequence[str]:
        cuts = statistics.quantiles(self.trips, n=100)
        return (name, f"{self.rate:,.0f}", f"{1000 * cuts[49]:.2f}", f"{1000 * cuts[98]:.2f}")


def measure() -> str:
    """The report."""
    try:
        return table(_HEAD, [asyncio.run(_figures(path)).row(name) for name, path in _LAYERS.items()])
    except redis.ConnectionError as error:
        raise ProcessFailed(f"this scenario needs a Redis at {_REDIS}: {error}") from None


async def _figures(path: str) -> _Figures:
    in_memory = "InMemory" in path
    prefix = f"zg-bench-{uuid.uuid4().hex}"
    options: dict[str, Any] = {} if in_memory else {"hosts": [_REDIS], "prefix": prefix}
    layers = [import_string(path)(**options) for _ in range(2)]
    # The layer in memory reaches nobody but itself.
    sender, receiver = (layers[0], layers[0]) if in_memory else layers
    rate = await _one_way(sender, receiver, await receiver.new_channel())
    there, back = await receiver.new_channel(), await sender.new_channel()
    trips = [await _round_trip(sender, receiver, there, back) for _ in range(_ROUND_TRIPS)]
    for layer in {id(layer): layer for layer in layers}.values():
        await layer.flush()
    return _Figures(rate, trips)


async def _one_way(sender: Any, receiver: Any, channel: str) -> float:
    room, received = asyncio.Semaphore(_WINDOW), 0
    began = time.perf_counter()

    async def receive() -> None:
        nonlocal received
        while True:
            await receiver.receive(channel)
            received += 1
            room.release()

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(receive())
        while time.perf_counter() - began < _SECONDS:
            await room.acquire()
            await sender.send(channel, _MESSAGE)
        rate = received / (time.perf_counter() - began)
        reading.cancel()
    return rate


async def _round_trip(sender: Any, receiver: Any, there: str, back: str) -> float:
    began = time.perf_counter()
    await sender.send(there, _MESSAGE)
    await receiver.receive(there)
    await receiver.send(back, _MESSAGE)
    await sender.receive(back)
    return time.perf_counter() - began

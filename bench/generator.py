"""The load generator: a process that obeys the commands on its standard input.

    python -m bench.generator GATEWAY_URL[,GATEWAY_URL] UPSTREAM_URL CA_FILE

The API key comes as the first line.

It does as little as possible while it measures: bytes are kept as they come and are checked
when the burst is over.
"""

import asyncio
import itertools
import resource
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from bench import load
from bench.answers import WrongAnswer
from bench.load import Burst, Call, Command, Follow, Hold, Release, Result
from bench.targets import Gateway, Request, Target, Upstream
from bench.trails import Trail

_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)
_HOLD_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)


@dataclass(slots=True)
class _Sample:
    """One finished request. ``first_text`` and ``end`` are seconds after its start."""

    request: Request
    status: int = 0
    body: bytes = b""
    first_text: float | None = None
    end: float = 0.0


class Generator:
    """Keeps its connections from one burst to the next."""

    def __init__(self, session: aiohttp.ClientSession, gateway: Gateway, upstream: Upstream) -> None:
        self._session = session
        self._upstream_url = upstream.url
        self._targets: dict[str, Target] = {"gateway": gateway, "upstream": upstream}
        self._numbers = itertools.count(1)
        self._held: list[aiohttp.ClientResponse] = []

    async def obey(self, command: Command) -> Result:
        """Do what is asked; a request that fails is a wrong answer, never an exception."""
        match command:
            case Burst():
                return await self._burst(command)
            case Hold():
                return await self._hold(command)
            case Release():
                return await self._release(command)
            case Follow():
                return await self._follow(command)

    async def _burst(self, burst: Burst) -> Result:
        target = self._targets[burst.call.target]
        requests = [target.request(burst.call, next(self._numbers)) for _ in range(burst.requests)]
        samples: list[_Sample] = []
        failures: list[str] = []
        cpu, began = _cpu_seconds(), time.perf_counter()
        waiting = _until(iter(requests), began + burst.seconds)
        async with asyncio.TaskGroup() as group:
            for _ in range(burst.concurrency):
                group.create_task(self._work(burst.call, target, waiting, samples, failures))
        wall, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
        return Result(
            wall=wall,
            cpu=cpu,
            latencies=[sample.end for sample in samples],
            first_texts=[sample.first_text for sample in samples if sample.first_text is not None],
            wrong=failures + _wrong(burst.call, target, samples),
        )

    async def _work(
        self,
        call: Call,
        target: Target,
        waiting: Iterator[Request],
        samples: list[_Sample],
        failures: list[str],
    ) -> None:
        for request in waiting:
            try:
                samples.append(await self._fetch(call, target, request))
            except (aiohttp.ClientError, TimeoutError) as error:
                failures.append(f"{type(error).__name__}: {error}")

    async def _fetch(self, call: Call, target: Target, request: Request) -> _Sample:
        sample = _Sample(request)
        began = time.perf_counter()
        async with self._session.post(
            request.url, data=request.body, headers=request.headers, timeout=_REQUEST_TIMEOUT
        ) as response:
            received = bytearray()
            while data := await response.content.readany():
                received += data
                if call.stream and sample.first_text is None and target.first_text in received:
                    sample.first_text = time.perf_counter() - began
        sample.end = time.perf_counter() - began
        sample.status, sample.body = response.status, bytes(received)
        return sample

    async def _hold(self, hold: Hold) -> Result:
        target = self._targets[hold.call.target]
        requests = [target.request(hold.call, next(self._numbers)) for _ in range(hold.streams)]
        began = time.perf_counter()
        opened = await asyncio.gather(
            *(self._open(hold.call, target, request) for request in requests), return_exceptions=True
        )
        wrong = [f"{type(one).__name__}: {one}" for one in opened if isinstance(one, BaseException)]
        return Result(wall=time.perf_counter() - began, wrong=wrong)

    async def _open(self, call: Call, target: Target, request: Request) -> None:
        response = await self._session.post(
            request.url, data=request.body, headers=request.headers, timeout=_HOLD_TIMEOUT
        )
        self._held.append(response)
        received = bytearray()
        async with asyncio.timeout(30):
            while received.count(target.first_text) < (call.stall_after or 1):
                data = await response.content.readany()
                if not data:
                    raise WrongAnswer(f"a stream to hold ended: {response.status} {bytes(received[-200:])!r}")
                received += data

    async def _release(self, release: Release) -> Result:
        began = time.perf_counter()
        for response in self._held:
            response.close()
        self._held.clear()
        while open_streams := await self._open_upstream_streams():
            if time.perf_counter() - began > release.seconds:
                late = (
                    f"{open_streams} upstream streams are open {release.seconds:g} s after their clients left"
                )
                return Result(wrong=[late])
            await asyncio.sleep(0.05)
        return Result(wall=time.perf_counter() - began)

    async def _follow(self, follow: Follow) -> Result:
        target = self._targets[follow.call.target]
        requests = [target.request(follow.call, next(self._numbers)) for _ in range(follow.streams)]
        cpu, began = _cpu_seconds(), time.perf_counter()

        async def one(index: int, request: Request) -> Trail:
            await asyncio.sleep(follow.ramp * index / follow.streams)
            trail = Trail(follow.call.chunks)
            try:
                async with self._session.post(
                    request.url, data=request.body, headers=request.headers, timeout=_HOLD_TIMEOUT
                ) as response:
                    trail.status = response.status
                    while data := await response.content.readany():
                        trail.take(data, time.monotonic_ns() // 1000)
            except (aiohttp.ClientError, TimeoutError) as error:
                trail.failure = f"{type(error).__name__}: {error}"
            return trail

        trails = await asyncio.gather(*(one(*each) for each in enumerate(requests)))
        return Result(
            wall=time.perf_counter() - began,
            cpu=_cpu_seconds() - cpu,
            delays=[delay for trail in trails for delay in trail.delays],
            durations=[trail.duration for trail in trails],
            stretches=[trail.stretch for trail in trails],
            wrong=[problem for trail in trails if (problem := trail.problem)],
        )

    async def _open_upstream_streams(self) -> int:
        async with self._session.get(f"{self._upstream_url}/simulator/stats") as response:
            return int((await response.json())["open_streams"])


def _until(requests: Iterator[Request], deadline: float) -> Iterator[Request]:
    return itertools.takewhile(lambda _: time.perf_counter() < deadline, requests)


def _wrong(call: Call, target: Target, samples: list[_Sample]) -> list[str]:
    problems = []
    for sample in samples:
        try:
            if sample.status != 200:
                raise WrongAnswer(f"HTTP {sample.status}: {sample.body[:200]!r}")
            target.check(call, sample.request, sample.body)
        except (WrongAnswer, LookupError, TypeError, ValueError) as problem:
            problems.append(f"{type(problem).__name__}: {problem}")
    return problems


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _main(gateway_urls: str, upstream_url: str, ca_file: str) -> None:
    key = sys.stdin.buffer.readline().strip().decode()
    context = ssl.create_default_context(cafile=ca_file)
    connector = aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=20)
    async with aiohttp.ClientSession(connector=connector) as session:
        generator = Generator(session, Gateway(tuple(gateway_urls.split(",")), key), Upstream(upstream_url))
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            result = await generator.obey(load.decode_command(line))
            sys.stdout.buffer.write(load.encode(result) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:4]))

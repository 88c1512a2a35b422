"""What a purge costs the traffic: a million old traces deleted while requests run."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Self

import psycopg

from bench import processes
from bench.load import Burst, Call, TargetName
from bench.report import table
from bench.scenarios import WrongAnswers, warm_up
from bench.stack import Stack, running_stack

_TRACES = 1_000_000
_CAPTURED = 100_000
_RESPONSES = 50_000
_CHAIN = 5
_PROBES = 8
"""Before the purge, and after it."""
_RETENTION = {
    "RETENTION_CAPTURES_DAYS": "7",
    "RETENTION_RESPONSES_DAYS": "30",
    "RETENTION_TRACES_DAYS": "90",
    "RETENTION_USAGE_DAYS": "90",
}
_HEAD = (
    ("", "rows", "seconds", "rows", "gateway, ms", "", "", "simulator alone, ms", ""),
    ("", "deleted", "", "a second", "p50", "p95", "p99", "p50", "p95"),
)

_FILL = (
    f"""
    INSERT INTO responses_api_trace (id, response_id, owner_id, started_at, ended_at, outcome, model, stream,
        simulated, client_request, adaptations, turns, duration_ms, response_summary)
    SELECT 'old_' || n, 'resp_' || n, (SELECT min(id) FROM auth_user),
        now() - interval '200 days' + n * interval '9 seconds', now() - interval '100 days', 'completed',
        'gemini-3.8-flash', true,
        true, '{{"input_items": 1}}', '[]', 1, n % 1000, '{{"items": ["message"]}}'
    FROM generate_series(1, {_TRACES}) AS n
    """,
    """
    INSERT INTO responses_api_usage (trace_id, owner_id, at, model, source, input_tokens, cached_tokens,
        output_tokens, reasoning_tokens, total_tokens, rolled_up)
    SELECT id, owner_id, started_at, model, 'intercepted', 10, 0, 20, 0, 30, true
    FROM responses_api_trace WHERE id LIKE 'old!_%' ESCAPE '!'
    """,
    f"""
    INSERT INTO responses_api_capture (trace_id, call, pane, mode, head, body, size, cut, created_at)
    SELECT 'old_' || n, 0, 'sent', 'full', '{{}}', decode(repeat(md5(n::text), 64), 'hex'), 4096, false,
        now() - interval '100 days' + n * interval '1 second'
    FROM generate_series(1, {_CAPTURED}) AS n
    """,
    f"""
    INSERT INTO responses_api_response (id, owner_id, previous_id, created_at, status, model, body)
    SELECT 'old_' || n, (SELECT min(id) FROM auth_user),
        CASE WHEN n % {_CHAIN} = 0 THEN '' ELSE 'old_' || (n - 1) END,
        now() - interval '100 days' + n * interval '1 second', 'completed', 'gemini-3.8-flash', '{{}}'
    FROM generate_series(1, {_RESPONSES}) AS n
    """,
    f"""
    INSERT INTO responses_api_item (id, response_id, position, side, type, wire)
    SELECT 'msg_' || n || '_' || position, 'old_' || n, position, 'output', 'message',
        jsonb_build_object('text', repeat(md5(n::text), 16))
    FROM generate_series(1, {_RESPONSES}) AS n, generate_series(0, 1) AS position
    """,
)


def measure() -> str:
    """The report. Raises ``WrongAnswers``, also if something old is left."""
    with running_stack() as stack:
        warm_up(stack)
        _fill(stack)
        before = _Traffic.over(stack, range(_PROBES))
        deleted, seconds, meanwhile = _purge(stack)
        _check(stack)
        after = _Traffic.over(stack, range(_PROBES))
    purge = (f"{deleted:,}", f"{seconds:.0f}", f"{deleted / seconds:,.0f}")
    rows = [
        ("before", "", "", "", *before.figures()),
        ("while purging", *purge, *meanwhile.figures()),
        ("afterwards", "", "", "", *after.figures()),
    ]
    return table(_HEAD, rows)


@dataclass(slots=True)
class _Traffic:
    """Latencies in seconds of requests to the gateway, and of the simulator by itself for comparison."""

    gateway: list[float] = field(default_factory=list)
    upstream: list[float] = field(default_factory=list)

    @classmethod
    def over(cls, stack: Stack, times: Iterable[object]) -> Self:
        """A small burst on either side, as often as ``times`` yields."""
        traffic = cls()
        for _ in times:
            traffic.gateway += _probe(stack, "gateway")
            traffic.upstream += _probe(stack, "upstream")
        return traffic

    def figures(self) -> Sequence[str]:
        """As the table has them."""
        return [*_percentiles(self.gateway, 50, 95, 99), *_percentiles(self.upstream, 50, 95)]


def _fill(stack: Stack) -> None:
    with psycopg.connect(stack.conninfo, autocommit=True) as connection:
        for statement in _FILL:
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _purge(stack: Stack) -> tuple[int, float, _Traffic]:
    """Rows deleted, seconds it took, and the traffic meanwhile."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "manage.py", "purge"],
        env=stack.environment | _RETENTION,
        cwd=processes.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        traffic = _Traffic.over(stack, _while_running(process))
        seconds = time.perf_counter() - began
        assert process.stdout is not None
        counts = [int(line.split()[0]) for line in process.stdout]
    if process.returncode:
        raise processes.ProcessFailed("the purge failed; its traceback is above")
    return sum(counts), seconds, traffic


def _while_running(process: subprocess.Popen[str]) -> Iterator[None]:
    while process.poll() is None:
        yield


def _probe(stack: Stack, target: TargetName) -> list[float]:
    """Latencies of a small burst."""
    result = stack.generator.send(Burst(Call(target, stream=False), requests=40, concurrency=2, seconds=30))
    if result.wrong:
        raise WrongAnswers(f"{len(result.wrong)} wrong answers, among them: {result.wrong[0]}")
    return result.latencies


def _check(stack: Stack) -> None:
    left = "SELECT count(*) FROM responses_api_{} WHERE {} LIKE 'old!_%' ESCAPE '!'"
    with psycopg.connect(stack.conninfo) as connection:
        for name, column in (
            ("trace", "id"),
            ("usage", "trace_id"),
            ("capture", "trace_id"),
            ("response", "id"),
        ):
            row = connection.execute(left.format(name, column).encode()).fetchone()
            if row != (0,):
                raise WrongAnswers(f"old rows are left in {name}: {row}")


def _percentiles(seconds: Sequence[float], *percents: int) -> Sequence[str]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return [f"{cuts[percent - 1] * 1000:.1f}" for percent in percents]

"""``python -m bench.admin_pages ROWS``: fills a database, measures pages, writes the results as JSON.

A process of its own, since Django takes its settings from the environment once.
"""

import asyncio
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import django
import psutil  # type: ignore[import-untyped]

_TIMES = 15
_DAY = 86_400


def main() -> None:
    """Fill, measure, print."""
    django.setup()
    from django.core.management import call_command

    from bench import admin_rows

    rows = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    _say(f"making {rows:,} exchanges")
    began = time.perf_counter()
    admin_rows.fill(rows)
    _say(f"made in {time.perf_counter() - began:.0f} s; measuring")
    pages, plans = [], []
    for title, ask, planned in _pages():
        pages.append(_measured(title, ask))
        if planned:
            plans += _plans(title, ask)
    json.dump({"pages": pages, "plans": plans, "export": _export(), "rolling": _rolling()}, sys.stdout)


def _pages() -> Iterator[tuple[str, Callable[[], Any], bool]]:
    """Title, the request, and whether its plans are worth keeping."""
    from django.test import Client

    from bench import admin_rows

    operator, member, key = _people()
    at, trace = admin_rows.middle()
    now = int(time.time())

    def page(client: Client, path: str, **params: Any) -> Callable[[], Any]:
        url = f"{path}?{urlencode(params, doseq=True)}"
        return lambda: client.get(url, headers={"Authorization": f"Bearer {key}"} if "/v1/" in path else {})

    for name in ("1h", "24h", "7d", "30d"):
        yield f"dashboard, {name}", page(operator, "/admin/", range=name), name in ("1h", "7d")
    yield "dashboard, 7d, one model", page(operator, "/admin/", range="7d", model="model-0"), False
    yield "dashboard, 7d, a member's own", page(member, "/admin/", range="7d"), False
    traces = "/admin/responses_api/trace/"
    yield "traces, first page", page(operator, traces), True
    yield "traces, page in the middle", page(operator, traces, before=f"{at}~{trace}"), True
    yield "traces, a member's own", page(member, traces), True
    yield "traces of a model", page(operator, traces, model="model-5"), True
    yield "traces of a key", page(operator, traces, api_key__id__exact=50), True
    yield "traces that failed", page(operator, traces, outcome__exact="error"), True
    yield "traces of five minutes and more", page(operator, traces, duration_ms__gte=300_000), True
    yield "traces of five seconds and more", page(operator, traces, duration_ms__gte=5_000), False
    yield "unmatched calls", page(operator, traces, kind="unmatched"), True
    yield "search by id", page(operator, traces, q=trace), True
    yield "one trace", page(operator, f"{traces}{trace}/change/"), False
    usage = "/v1/organization/usage/completions"
    month = {"start_time": now - 30 * _DAY, "limit": 31, "group_by": ["model"]}
    yield "usage API, 31 days by model", page(operator, usage, **month), False
    week = {"start_time": now - 7 * _DAY, "bucket_width": "1h", "limit": 168, "group_by": ["api_key_id"]}
    yield "usage API, 168 hours by key", page(operator, usage, **week), False
    day = {"start_time": now - _DAY, "bucket_width": "1m", "limit": 1440}
    yield "usage API, 1440 minutes", page(operator, usage, **day), True
    yield "GET /v1/usage", page(operator, "/v1/usage"), False


def _people() -> tuple[Any, Any, str]:
    """Browsers of an operator and of the member with the most traffic, and an operator's API key."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from responses_api.access.api_keys import create_api_key
    from responses_api.access.roles import MEMBERS

    boss = User.objects.create_superuser("boss")
    member = User.objects.get(username="user0")
    member.is_staff = True
    member.save()
    member.groups.add(Group.objects.get(name=MEMBERS))
    browsers = Client(), Client()
    for browser, user in zip(browsers, (boss, member), strict=True):
        browser.force_login(user)
    return *browsers, create_api_key("boss", boss)[1]


def _measured(title: str, ask: Callable[[], Any]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    answer = ask()
    if answer.status_code != 200:
        raise SystemExit(f"{title}: {answer.status_code} {answer.content[:300]!r}")
    with CaptureQueriesContext(connection) as captured:
        ask()
    queries = len(captured)  # before the next request drops them
    times = []
    cpu = _cpu()
    for _ in range(_TIMES):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    django_cpu, database_cpu = (
        (after - before) * 1000 / _TIMES for before, after in zip(cpu, _cpu(), strict=True)
    )
    return {
        "title": title,
        "queries": queries,
        "p50": statistics.median(times),
        "worst": max(times),
        "django": django_cpu,
        "database": database_cpu,
        "kilobytes": len(answer.content) / 1000,
    }


def _cpu() -> tuple[float, float]:
    """Seconds of CPU so far, of this process and of its connection's end in PostgreSQL."""
    from django.db import connection

    connection.ensure_connection()
    times = psutil.Process(connection.connection.info.backend_pid).cpu_times()
    return time.process_time(), times.user + times.system


def _plans(title: str, ask: Callable[[], Any]) -> list[dict[str, Any]]:
    """How PostgreSQL answers each query of a page that touches the large tables."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        ask()
    plans = []
    for query in queries:
        sql = query["sql"]
        if "responses_api_trace" in sql or "responses_api_rollup" in sql:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {sql.replace('%', '%%')}")
                plans.append({"title": title, "plan": "\n".join(row[0] for row in cursor.fetchall())})
    return plans


def _export() -> dict[str, Any]:
    """Rows a second of the export, and by how much the process grows."""
    from datetime import UTC, datetime

    from django.utils import timezone

    from responses_api.admin.usage_export import _parts
    from responses_api.runtime import database
    from responses_api.statistics.figures import EVERYTHING
    from responses_api.statistics.periods import Period
    from responses_api.statistics.usage_files import FileForm

    async def read(form: FileForm) -> int:
        everything = Period(datetime(2000, 1, 1, tzinfo=UTC), timezone.now())
        lines = 0
        async for part in _parts(everything, EVERYTHING, form):
            lines += part.count(b"\n")
        return lines

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    lines = asyncio.run(read(FileForm.CSV))
    seconds = time.perf_counter() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    database.close()
    return {"rows": lines - 1, "seconds": seconds, "grown_megabytes": grown / 1024}


def _rolling() -> dict[str, Any]:
    """What rolling up a batch takes."""
    from bench import admin_rows
    from responses_api.statistics import rolling

    began = time.perf_counter()
    rows = rolling.roll_up(admin_rows.FRESH)
    return {"rows": rows, "seconds": time.perf_counter() - began}


def _say(text: str) -> None:
    print(f"{text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""The admin and the usage API over a million exchanges: time, queries and query plans of their pages."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import processes
from bench.report import table

ROWS = 1_000_000
_FIGURES = ("p50", "worst", "django", "database", "kilobytes")
_HEAD = (
    ("", "queries", "ms", "", "CPU, ms", "", "KB"),
    ("", "", "p50", "worst", "gateway", "database", ""),
)


def measure() -> str:
    """The report, with the plans below it."""
    with tempfile.TemporaryDirectory(prefix="zg-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        try:
            measured = _measured(data)
        finally:
            processes.wait_until_stopped(data / "postgres")
    export, rolling = measured["export"], measured["rolling"]
    rows = [
        (
            page["title"],
            str(page["queries"]),
            *(f"{page[name]:.0f}" for name in _FIGURES),
        )
        for page in measured["pages"]
    ]
    return "\n".join(
        [
            table(_HEAD, rows),
            "",
            f"Export of {export['rows']:,} rows as CSV: {export['seconds']:.0f} s, "
            f"{export['rows'] / export['seconds']:,.0f} rows a second, "
            f"the process grew by {export['grown_megabytes']:.0f} MB.",
            f"Rolling up {rolling['rows']:,} exchanges: {rolling['seconds'] * 1000:.0f} ms.",
            "",
            *(f"## {each['title']}\n\n```\n{each['plan']}\n```\n" for each in measured["plans"]),
        ]
    )


def _measured(data: Path) -> Any:
    environment = {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "zgproject.settings",
        "DATA_DIR": str(data),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "ALLOWED_HOSTS": "testserver",
        "UPSTREAM_SIMULATED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.admin_pages", str(ROWS)],
        env=environment,
        cwd=processes.ROOT,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise processes.ProcessFailed("measuring the admin failed; the reason is above")
    return json.loads(done.stdout)

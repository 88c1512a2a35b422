"""``manage.py doctor`` against a running installation, and against one where every joint is broken."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.processes import MANAGE
from tests.e2e.stacks import CANARY, Stack

_NOBODY = "127.0.0.1:9"


def doctor(stack: Stack, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*MANAGE, "doctor", *options),
        env={**stack.environment, "UPSTREAM_SIMULATED": "false", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def states(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return {finding["joint"]: finding["state"] for finding in found}


def test_a_running_installation_holds_at_every_joint(split_stack: Stack) -> None:
    done = doctor(split_stack, "--json")
    found = states(done)
    # How much room the disk of the tests has is not theirs to say.
    found.pop("disk")
    assert found == dict.fromkeys(
        [
            *("settings", "data folder", "database", "tables", "redis", "channel layer", "interceptor"),
            *("interceptor's port", "interceptor's certificate", "language server", "credential"),
            *("upstream", "clock"),
        ],
        "ok",
    )
    assert done.returncode == 0


def test_every_broken_joint_is_named_and_no_secret_is(split_stack: Stack, folder: Path) -> None:
    broken = {
        "DATABASE_URL": f"postgres://gateway:{CANARY}@{_NOBODY}/gateway",
        "REDIS_URL": f"redis://:{CANARY}@{_NOBODY}/0",
        "INTERCEPTOR_URL": f"http://{_NOBODY}",
        "INTERCEPTOR_CA_FILE": str(folder / "none.pem"),
        "LANGUAGE_SERVER_URL": f"http://gateway:{CANARY}@{_NOBODY}",
        "UPSTREAM_URL": f"https://{_NOBODY}",
    }
    done = doctor(split_stack, **broken)
    assert done.returncode == 1
    failing = {line[9:].split("  ")[0] for line in done.stdout.splitlines() if line.startswith("failed")}
    assert failing >= {
        *("database", "redis", "channel layer", "interceptor's port", "interceptor's certificate"),
        *("language server", "upstream"),
    }
    assert CANARY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_token_and_an_authority_that_is_not_the_upstreams(split_stack: Stack) -> None:
    wrong = {
        "LANGUAGE_SERVER_CSRF_TOKEN": "not-the-token",
        "UPSTREAM_CA_FILE": split_stack.environment["INTERCEPTOR_CA_FILE"],
    }
    found = states(doctor(split_stack, "--json", **wrong))
    assert {joint for joint, state in found.items() if state == "failed"} - {"disk"} == {
        "language server",
        "upstream",
    }

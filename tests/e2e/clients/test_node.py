"""The official Node client and the Vercel AI SDK, each check a script of its own process."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.stacks import MODEL, Stack

_FOLDER = Path(__file__).parent / "node"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
    pytest.mark.skipif(
        not (_FOLDER / "node_modules" / "openai").is_dir(),
        reason="the Node clients are not installed: npm ci --prefix tests/e2e/clients/node",
    ),
]


def checks(script: str) -> list[str]:
    """The names of the checks in ``script``."""
    return re.findall(r"^  async (\w+)\(\)", (_FOLDER / script).read_text(), re.MULTILINE)


def run(stack: Stack, script: str, check: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": f"{stack.base_url}/v1",
        "OPENAI_API_KEY": stack.api_key,
        "MODEL": MODEL,
    }
    done = subprocess.run(
        ["node", script, check],
        cwd=_FOLDER,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("check", checks("sdk.mjs"))
def test_the_official_client(stack: Stack, check: str) -> None:
    run(stack, "sdk.mjs", check)


@pytest.mark.parametrize("check", checks("vercel.mjs"))
def test_the_vercel_ai_sdk(stack: Stack, check: str) -> None:
    run(stack, "vercel.mjs", check)

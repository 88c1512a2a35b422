"""``python -m bench.screenshots``: takes the pictures in ``docs/images`` anew; look at them afterwards.

A gateway in a folder of its own, with the simulator as its upstream, is made lively
(``bench.lively``) and photographed with a Chromium that is installed.
"""

import argparse
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.admin.utils import quote
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench import processes
from bench.lively import Installation, populate
from bench.stack import log_shown

IMAGES = processes.ROOT / "docs" / "images"
_START_SECONDS = 120.0
_PATIENCE = 30_000
"""Milliseconds."""
_ROLLED_UP = 12_000
"""Milliseconds until the roll-ups have what was made last."""
_WIDE = (1360, 860)
_PHONE = (390, 844)


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.screenshots", description="Take the docs' pictures."
    )
    parser.add_argument("--folder", type=Path, default=IMAGES, help="where to (default: docs/images)")
    folder: Path = parser.parse_args().folder
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("There is no Chromium: see .ci/find-browser.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with _gateway() as (gateway, login), sync_playwright() as playwright:
        last = populate(gateway)
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        _take_all(browser, gateway, login, last, folder)
        browser.close()
    return 0


@contextmanager
def _gateway() -> Iterator[tuple[Installation, tuple[str, str]]]:
    """A gateway that captures everything, with its first login."""
    with tempfile.TemporaryDirectory(prefix="zg-pictures-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        data, log = folder / "data", folder / "gateway.log"
        try:
            with _simulator(folder) as (url, ca):
                environment = _environment(data, url, ca)
                with processes.running(["manage.py", "serve"], environment, log) as gateway:
                    base = processes.wait_for(gateway, log, r"Base URL +(\S+)/v1", _START_SECONDS)[1]
                    login = processes.wait_for(gateway, log, r"login (\S+), password (\S+) ", _START_SECONDS)
                    conninfo = processes.conninfo(data / "postgres")
                    with log_shown(log):
                        yield Installation(base, environment, conninfo), (login[1], login[2])
        finally:
            processes.wait_until_stopped(data / "postgres")


@contextmanager
def _simulator(folder: Path) -> Iterator[tuple[str, str]]:
    """Its address and its certificate authority."""
    log = folder / "simulator.log"
    arguments = ["manage.py", "runsimulator", "--data-dir", str(folder / "simulator")]
    with processes.running(arguments, {"DATA_DIR": str(folder / "unused")}, log) as process:
        ready = processes.wait_for(process, log, r"simulator ready (\S+) ca=(\S+)", _START_SECONDS)
        yield ready[1], ready[2]


def _environment(data: Path, upstream_url: str, upstream_ca: str) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        interceptor_port = free.getsockname()[1]
    return {
        "PATH": os.defpath,
        "DATA_DIR": str(data),
        "PORT": "0",
        "INTERCEPTOR_PORT": str(interceptor_port),
        "LANGUAGE_SERVER_PORT": "0",
        "UPSTREAM_URL": upstream_url,
        "UPSTREAM_CA_FILE": upstream_ca,
        "UPSTREAM_SIMULATED": "true",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "GEMINI_API_KEY": "",
        "ZEROGRAVITY_TOKEN": "",
        "CONTENT_CAPTURE": "full",
    }


class _Camera:
    """A browser in which the operator has signed in."""

    def __init__(self, browser: Browser, base_url: str, login: tuple[str, str], folder: Path) -> None:
        self._browser, self._base_url, self._folder = browser, base_url, folder
        page = self._browser.new_page()
        page.goto(f"{base_url}/admin/")
        page.fill("input[name=username]", login[0])
        page.fill("input[name=password]", login[1])
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{base_url}/admin/")
        self._signed_in = page.context.storage_state()

    @contextmanager
    def page(
        self, path: str, size: tuple[int, int] = _WIDE, *, dark: bool = False, height: int | None = None
    ) -> Iterator[Page]:
        """A page of the admin, to be taken with ``take``; ``height`` if it is to show more than a screen."""
        width = {"width": size[0], "height": height or size[1]}
        context = self._browser.new_context(
            storage_state=self._signed_in,
            viewport=width,  # type: ignore[arg-type]  # a plain dict of the same shape
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        answer = page.goto(f"{self._base_url}/admin/{path}")
        if answer is None or not answer.ok:
            raise processes.ProcessFailed(f"/admin/{path}: {answer.status if answer else 'no answer'}")
        page.wait_for_load_state("networkidle")
        yield page
        context.close()

    def take(self, page: Page, name: str) -> None:
        """Write ``NAME.png``."""
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)  # for what moves into its place
        page.screenshot(path=self._folder / f"{name}.png")


def _take_all(
    browser: Browser, gateway: Installation, login: tuple[str, str], last: str, folder: Path
) -> None:
    camera = _Camera(browser, gateway.base_url, login, folder)
    with camera.page("playground/", height=1000) as page:
        _play(page)
        camera.take(page, "playground")
        page.wait_for_timeout(_ROLLED_UP)
    for name, dark, size in (
        ("dashboard", False, _WIDE),
        ("dashboard-dark", True, _WIDE),
        ("dashboard-phone", False, _PHONE),
    ):
        with camera.page("?range=24h", size, dark=dark, height=1000) as page:
            camera.take(page, name)
    for name, size in (("admin", _WIDE), ("traces-phone", _PHONE)):
        with camera.page("responses_api/trace/", size) as page:
            camera.take(page, name)
    with camera.page(f"responses_api/trace/?q={last}", height=1300) as page:
        page.locator("#result_list [data-row]").first.click()
        page.wait_for_load_state("networkidle")
        camera.take(page, "trace")
    with camera.page("responses_api/trace/?kind=unmatched") as page:
        page.locator("#result_list [data-row]").first.click()
        page.wait_for_load_state("networkidle")
        camera.take(page, "unmatched")
    with camera.page(f"responses_api/response/{quote(last)}/change/", height=1100) as page:
        camera.take(page, "thread")
    with camera.page("responses_api/apikey/") as page:
        page.get_by_role("link", name="agent").first.click()
        page.wait_for_load_state("networkidle")
        camera.take(page, "key")
    with camera.page("responses_api/credential/") as page:
        camera.take(page, "credentials")


def _play(page: Page) -> None:
    """Send something from the playground and wait for its end."""
    page.select_option("select[name=effort]", "high")
    page.fill("textarea[name=instructions]", "Answer in one paragraph.")
    said = "A semaphore is a counter that lets only so many tasks through at a time."
    page.fill("textarea[name=input]", f"What is a semaphore? [[thoughts=2]] [[delay_ms=40]] [[text={said}]]")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_contain_text("response.completed", timeout=_PATIENCE)
    expect(page.locator("[data-status]")).not_to_have_text(re.compile("^$"), timeout=_PATIENCE)


if __name__ == "__main__":
    sys.exit(main())

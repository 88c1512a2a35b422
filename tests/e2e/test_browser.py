"""An operator's day in the admin, in a real browser: a key, its trace, the figures, and the key's end."""

import re
import shutil
from collections.abc import Iterator

import openai
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.stacks import MODEL, Stack

_BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Beside what a headless browser in a container needs: nothing that looks for its maker's hosts.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_PATIENCE = 20_000
"""Milliseconds, for a machine that is busy with other tests."""

pytestmark = pytest.mark.skipif(
    _BROWSER is None, reason="no Chromium: make test installs it where apt-get is"
)


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    """A page of a browser in which the operator has signed in; nothing outside was asked, nothing failed."""
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_BROWSER, args=_ARGUMENTS)
        opened = browser.new_page(viewport={"width": 1360, "height": 900})
        opened.set_default_timeout(_PATIENCE)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        opened.on(
            "request", lambda asked: faults.append(asked.url) if _is_outside(stack, asked.url) else None
        )
        _sign_in(opened, stack)
        yield opened
        browser.close()
    assert faults == []


def _is_outside(stack: Stack, url: str) -> bool:
    return not url.startswith((f"{stack.base_url}/", "data:", "blob:"))


def _sign_in(page: Page, stack: Stack) -> None:
    user, password = stack.login
    page.goto(f"{stack.base_url}/admin/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{stack.base_url}/admin/")


def test_an_operators_day(stack: Stack, page: Page) -> None:
    expect.set_options(timeout=_PATIENCE)
    plain = _make_key(page, stack, "browser")
    with openai.OpenAI(base_url=f"{stack.base_url}/v1", api_key=plain, max_retries=0) as client:
        _watch_its_trace_appear(page, stack, client)
        _read_the_dashboard(page, stack)
        _revoke(page, stack, "browser")
        page.wait_for_timeout(2_100)  # as long as a revoked key may be remembered
        with pytest.raises(openai.AuthenticationError):
            client.responses.create(model=MODEL, input="Am I still welcome?")


def _make_key(page: Page, stack: Stack, name: str) -> str:
    page.goto(f"{stack.base_url}/admin/responses_api/apikey/add/")
    page.fill("input[name=name]", name)
    # A user is found by typing, with the keyboard alone.
    page.locator("select[name=owner] + .select2 .select2-selection").focus()
    page.keyboard.press("Enter")
    page.locator(".select2-search__field").fill(stack.login[0])
    page.locator(".select2-results__option", has_text=stack.login[0]).first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    shown = page.locator("code", has_text=re.compile(r"^zg-"))
    plain = shown.first.inner_text()
    page.reload()
    expect(page.get_by_text(plain)).to_have_count(0)
    return plain


def _watch_its_trace_appear(page: Page, stack: Stack, client: openai.OpenAI) -> None:
    page.goto(f"{stack.base_url}/admin/responses_api/trace/")
    rows = page.locator("#result_list [data-row]")
    before = rows.first.get_attribute("data-row") if rows.count() else None
    response = client.responses.create(model=MODEL, input="Hello from a browser's test.")

    expect(rows.first).not_to_have_attribute("data-row", before or "")
    row = page.locator("#result_list tbody", has=page.locator("[data-row]")).first
    expect(row).to_contain_text("browser")
    row.get_by_role("link").first.click()
    expect(page.locator("body")).to_contain_text(response.id)
    for part in ("Gate", "Waiting for the upstream", "Text", "Repeat as curl"):
        expect(page.get_by_text(part, exact=True).first).to_be_visible()
    page.get_by_role("link", name=response.id).first.click()
    expect(page.locator("body")).to_contain_text("Hello from a browser's test.")


def _read_the_dashboard(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.base_url}/admin/")
    by_key = page.get_by_role("row", name=re.compile("browser"))
    expect(by_key.first).to_be_visible()
    by_key.get_by_role("link", name="1", exact=True).first.click()
    expect(page).to_have_url(re.compile("/admin/responses_api/trace/"))
    expect(page.locator("#result_list [data-row]")).to_have_count(1)


def _revoke(page: Page, stack: Stack, name: str) -> None:
    page.goto(f"{stack.base_url}/admin/responses_api/apikey/")
    row = page.get_by_role("row", name=re.compile(name))
    row.locator("input.action-select").check(force=True)
    page.select_option("select[name=action]", "revoke", force=True)
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name=re.compile("Yes|Revoke")).click()
    expect(page.get_by_role("row", name=re.compile(name))).to_contain_text("revoked")


def test_the_playground(stack: Stack, page: Page) -> None:
    expect.set_options(timeout=_PATIENCE)
    page.goto(f"{stack.base_url}/admin/playground/")
    page.fill("textarea[name=input]", "Hello from the playground.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_contain_text("You said: Hello from the playground.")
    expect(page.locator("body")).to_contain_text("response.completed")

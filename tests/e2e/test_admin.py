"""The operator's pages, with the login that the first run printed."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import parse

CHROMIUM = Path("/usr/bin/chromium")


@contextmanager
def signed_in(stack: Stack) -> Iterator[httpx2.Client]:
    """A browser's side of HTTP, after the operator has signed in."""
    user, password = stack.login
    with stack.http() as http:
        del http.headers["Authorization"]
        page = http.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"username": user, "password": password, "csrfmiddlewaretoken": token[1]}
        assert http.post("/admin/login/", data=form).headers["location"] == "/admin/"
        yield http


def key_of(stack: Stack) -> int:
    """The id of the stack's first key."""
    (row,) = stack.query("SELECT id FROM responses_api_apikey ORDER BY id LIMIT 1")
    return int(row["id"])


def ask(http: httpx2.Client, key: int, body: dict[str, Any], token: str | None = None) -> httpx2.Response:
    """What the playground's page sends."""
    token = http.cookies["csrftoken"] if token is None else token
    headers = {"X-CSRFToken": token, "Content-Type": "application/json"}
    return http.post(f"/admin/playground/keys/{key}/responses", content=json.dumps(body), headers=headers)


def test_the_operator_logs_in_and_sees_the_trace(serve_stack: Stack) -> None:
    response = serve_stack.client().responses.create(model=MODEL, input="seen by the operator")
    user, password = serve_stack.login
    with serve_stack.http() as http:
        del http.headers["Authorization"]
        assert http.get("/admin/").headers["location"].startswith("/admin/login/")
        page = http.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"username": user, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
        assert http.post("/admin/login/", data=form).headers["location"] == "/admin/"

        traces = http.get("/admin/responses_api/trace/")
        assert traces.status_code == 200
        for page_name in ("response", "usage", "apikey", "credential"):
            assert http.get(f"/admin/responses_api/{page_name}/").status_code == 200, page_name
        (trace,) = serve_stack.query(
            "SELECT id FROM responses_api_trace WHERE response_id = %(id)s", id=response.id
        )
        assert trace["id"] in traces.text
        assert http.get(f"/admin/responses_api/trace/{trace['id']}/change/").status_code == 200


def test_a_wrong_password_does_not_log_in(serve_stack: Stack) -> None:
    with serve_stack.http() as http:
        page = http.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"username": "admin", "password": "guess", "csrfmiddlewaretoken": token[1]}
        assert http.post("/admin/login/", data=form).status_code == 200
        assert http.get("/admin/responses_api/trace/").status_code == 302


def test_the_admin_has_its_style(serve_stack: Stack) -> None:
    with serve_stack.http() as http:
        assert http.get("/static/admin/css/base.css").headers["content-type"].startswith("text/css")


def test_the_playground_answers_like_a_client_with_that_key(serve_stack: Stack) -> None:
    key = key_of(serve_stack)
    with signed_in(serve_stack) as http:
        assert http.get("/admin/playground/").status_code == 200
        answer = ask(http, key, {"model": MODEL, "input": "from the playground", "stream": True})
        session = http.cookies["sessionid"]
    assert answer.headers["content-type"].startswith("text/event-stream")
    last = parse(answer.text)[-1]
    assert last["type"] == "response.completed"
    response_id = last["response"]["id"]
    assert serve_stack.booking(response_id)["outcome"] == "completed"
    (trace,) = serve_stack.query(
        "SELECT api_key_id, marks, client_request FROM responses_api_trace WHERE response_id = %(id)s",
        id=response_id,
    )
    assert trace["api_key_id"] == key
    assert [span[0] for span in trace["marks"]["spans"]] == ["call", "text"]
    assert session not in json.dumps(trace["client_request"])
    further = serve_stack.client().responses.create(
        model=MODEL, input="go on", previous_response_id=response_id
    )
    assert further.previous_response_id == response_id


def test_the_playground_is_for_its_own_page_only(serve_stack: Stack) -> None:
    key = key_of(serve_stack)
    body = {"model": MODEL, "input": "forged"}
    with signed_in(serve_stack) as http:
        http.get("/admin/playground/")
        forged = ask(http, key, body, token="x" * 32)
        assert (forged.status_code, forged.json()["error"]["code"]) == (403, "forbidden")
        assert ask(http, key + 1000, body).status_code == 403
    with serve_stack.http() as http:
        # An API key is no session.
        answer = http.post(f"/admin/playground/keys/{key}/responses", json=body)
        assert answer.status_code == 403
    assert not serve_stack.simulator.saw("forged")


def test_a_stopped_playground_closes_the_upstream(serve_stack: Stack) -> None:
    key = key_of(serve_stack)
    body = {"model": MODEL, "input": "[[chunks=200]] [[delay_ms=50]]", "stream": True}
    with signed_in(serve_stack) as http:
        http.get("/admin/playground/")
        headers = {"X-CSRFToken": http.cookies["csrftoken"]}
        with (
            serve_stack.simulator.stream_is_closed(),
            http.stream(
                "POST", f"/admin/playground/keys/{key}/responses", json=body, headers=headers
            ) as answer,
        ):
            assert "response.created" in next(answer.iter_text())
    assert serve_stack.latest_booking()["outcome"] == "client_disconnect"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, the system's."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is missing (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    switches = ("disable-background-networking", "disable-component-update", "disable-sync", "no-first-run")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", *(f"--{switch}" for switch in switches)],
        )
        yield running
        running.close()


def opened(browser: Any, stack: Stack, faults: list[str], **options: Any) -> Any:
    """A page on which the operator has signed in; what goes wrong on it is added to ``faults``."""
    page = browser.new_context(**options).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    own = (stack.base_url, "data:", "blob:")
    page.on(
        "request", lambda sent: None if sent.url.startswith(own) else faults.append(f"outside: {sent.url}")
    )
    page.goto(f"{stack.base_url}/admin/login/")
    page.fill("input[name=username]", stack.login[0])
    page.fill("input[name=password]", stack.login[1])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    return page


def test_a_trace_appears_by_itself_and_is_opened_with_the_keyboard(serve_stack: Stack, browser: Any) -> None:
    faults: list[str] = []
    page = opened(browser, serve_stack, faults)
    page.goto(f"{serve_stack.base_url}/admin/responses_api/trace/")
    response = serve_stack.client().responses.create(model=MODEL, input="appears by itself")
    (trace,) = serve_stack.query(
        "SELECT id FROM responses_api_trace WHERE response_id = %(id)s", id=response.id
    )
    row = page.locator(f'[data-row="{trace["id"]}"]')
    row.wait_for(timeout=30_000)
    link = page.locator("a", has=row)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/**")
    assert page.locator(".zg-waterfall tbody tr").count() >= 4
    page.get_by_role("link", name=response.id).click()
    page.locator(".zg-thread").wait_for()
    assert "appears by itself" in page.locator(".zg-thread").inner_text()
    assert faults == []


def test_the_playground_in_a_browser(serve_stack: Stack, browser: Any) -> None:
    faults: list[str] = []
    page = opened(browser, serve_stack, faults)
    page.goto(f"{serve_stack.base_url}/admin/playground/")
    page.fill("textarea[name=input]", "typed into the <b>playground</b>")
    page.keyboard.press("Control+Enter")
    page.get_by_text("completed,").wait_for(timeout=30_000)
    assert "typed into the <b>playground</b>" in page.locator("[data-answer]").inner_text()
    assert page.locator("[name=previous]").input_value().startswith("resp_")
    page.get_by_role("link", name="Trace", exact=True).click()
    page.locator("[data-row]").first.wait_for()
    assert page.locator("[data-row]").count() == 1
    assert faults == []


def test_pages_fit_a_phone_in_the_dark(serve_stack: Stack, browser: Any) -> None:
    faults: list[str] = []
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = opened(browser, serve_stack, faults, **phone)
    for path in ("", "playground/", "responses_api/trace/", "responses_api/apikey/add/", "auth/user/"):
        page.goto(f"{serve_stack.base_url}/admin/{path}")
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], path
    assert faults == []

"""The interceptor in a whole gateway: what the language server gets back, others' traffic, who may use it."""

import json
import re
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.processes import MANAGE, Process
from tests.e2e.stacks import MODEL, Simulator, Stack, serve, wait_until

GENERATE = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def ask_language_server(stack: Stack, method: str, **request: Any) -> dict[str, Any]:
    secret = Path(stack.environment["DATA_DIR"], "secrets", "language_server_csrf_token").read_text().strip()
    url = f"{stack.environment['LANGUAGE_SERVER_URL']}/exa.language_server_pb.LanguageServerService/{method}"
    headers = {"x-codeium-csrf-token": secret}
    answer = httpx2.post(url, json=request, headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def cascade_of(stack: Stack, response_id: str) -> str:
    stack.booking(response_id)
    (row,) = stack.query(
        "SELECT cascade_id FROM responses_api_trace WHERE response_id = %(id)s", id=response_id
    )
    return str(row["cascade_id"])


@pytest.mark.parametrize("text", ["[[call=get_weather*2]]", "[[think=hm]] [[call=get_weather]]"])
def test_the_language_server_takes_a_function_call_for_a_quiet_end(split_stack: Stack, text: str) -> None:
    made = split_stack.client().responses.create(model=MODEL, input=text, tools=[TOOL])
    assert [item.type for item in made.output if item.type == "function_call"]

    cascade = cascade_of(split_stack, made.id)
    view: dict[str, Any] = {}

    def at_rest() -> bool:
        view.update(ask_language_server(split_stack, "GetCascadeTrajectory", cascadeId=cascade))
        return view.get("status") == "CASCADE_RUN_STATUS_IDLE"

    wait_until(at_rest, within=10)
    assert "get_weather" not in json.dumps(view)
    assert "ERROR" not in json.dumps(view).upper().replace("NO_ERROR", "")
    assert split_stack.booking(made.id)["outcome"] == "tool_call"


@BOTH
def test_another_exchanges_marker_is_a_text_like_any_other(stack: Stack) -> None:
    ended = stack.client().responses.create(model=MODEL, input="the victim's secret")
    marker = f".<cid:{cascade_of(stack, ended.id)}>"
    for text in (marker, f"  {marker}\n", f"say {marker}", json.dumps(marker)):
        answer = stack.client().responses.create(model=MODEL, input=text, instructions=marker)
        assert "victim" not in answer.output_text
        assert stack.simulator.request_with(marker)["body"]["contents"][-1]["parts"] == [{"text": text}]


def via_interceptor(stack: Stack, **options: Any) -> httpx2.Client:
    trusted = ssl.create_default_context(cafile=stack.environment["INTERCEPTOR_CA_FILE"])
    options.setdefault("proxy", stack.environment["INTERCEPTOR_URL"])
    return httpx2.Client(base_url=stack.simulator.url, verify=trusted, trust_env=False, **options)


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
def test_another_tools_calls_are_traced_with_their_usage(split_stack: Stack, http2: bool) -> None:
    agent = f"some-tool/{http2}"
    body = {"contents": [{"role": "user", "parts": [{"text": f"what {agent} says"}]}]}
    with via_interceptor(split_stack, http2=http2) as client:
        headers = {"x-goog-api-key": "their own key", "user-agent": agent}
        answer = client.post(GENERATE, json=body, headers=headers)
        assert "You said" in answer.text
        client.post(f"/v1beta/models/{MODEL}:countTokens", json=body, headers=headers)

    def rows() -> list[dict[str, Any]]:
        return split_stack.query(
            "SELECT t.*, u.source, u.input_tokens, u.output_tokens FROM responses_api_trace t"
            " JOIN responses_api_usage u ON u.trace_id = t.id"
            " WHERE t.kind = 'unmatched' AND t.client_request->>'user_agent' = %(agent)s",
            agent=agent,
        )

    wait_until(lambda: bool(rows()), within=10)
    (row,) = rows()
    assert (row["outcome"], row["model"], row["upstream_status"]) == ("completed", MODEL, 200)
    assert (row["source"], row["response_id"], row["owner_id"]) == ("intercepted", "", None)
    assert row["input_tokens"] > 0
    assert row["output_tokens"] > 0
    assert f"https://{row['upstream_host']}" == split_stack.simulator.url
    assert "what some-tool" not in str(row)
    assert "their own key" not in str(row)


@pytest.mark.parametrize("target", ["https://example.com/", "http://example.com/", "https://127.0.0.1:1/"])
def test_other_hosts_are_refused(split_stack: Stack, target: str) -> None:
    with via_interceptor(split_stack) as client:
        if target.startswith("http:"):
            assert client.get(target).status_code == 403
        else:
            with pytest.raises(httpx2.ProxyError, match="403"):
                client.get(target)


def test_a_gateway_whose_interceptor_asks_for_a_login(folder: Path, simulator: Simulator) -> None:
    password = "pass:w@rd/with?odd#characters"
    stack = serve(folder, simulator, INTERCEPTOR_PROXY_USER="agent", INTERCEPTOR_PROXY_PASSWORD=password)
    try:
        answer = stack.client().responses.create(model=MODEL, input="through the door")
        assert answer.output_text == "You said: through the door"
        assert password not in stack.output
    finally:
        stack.stop()


def test_an_open_proxy_does_not_start(split_stack: Stack, folder: Path) -> None:
    refused = subprocess.run(
        (*MANAGE, "runinterceptor", "--port", "0"),
        env={**split_stack.environment, "INTERCEPTOR_HOST": "0.0.0.0"},
        capture_output=True,
        text=True,
    )
    assert refused.returncode != 0
    assert "interceptor.E001" in refused.stderr
    process = Process(
        (*MANAGE, "runinterceptor", "--port", "0", "--host", "0.0.0.0"),
        folder / "log",
        split_stack.environment,
    )
    wait_until(lambda: not process.running, within=40)
    assert re.search("would be an open proxy on 0.0.0.0: set INTERCEPTOR_PROXY_USER", process.output)

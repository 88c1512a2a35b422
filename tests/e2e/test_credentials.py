"""Which credential a request travels with, and whether its answer says that it is simulated."""

from pathlib import Path

import pytest

from tests.e2e.stacks import MODEL, Simulator, serve

PLACES = [
    pytest.param({"GEMINI_API_KEY": "a-key"}, "api_key", id="API key"),
    pytest.param(
        {"GEMINI_API_KEY": "", "ZEROGRAVITY_TOKEN": "a-token", "QUOTA_PROJECT": "p"}, "bearer", id="token"
    ),
]


@pytest.mark.parametrize(("environment", "kind"), PLACES)
def test_with_a_credential_answers_are_not_called_simulated(
    folder: Path, simulator: Simulator, environment: dict[str, str], kind: str
) -> None:
    """``UPSTREAM_SIMULATED`` is left to its default, as an operator would."""
    stack = serve(folder, simulator, UPSTREAM_SIMULATED="", **environment)
    try:
        with stack.http() as http:
            answer = http.post("/v1/responses", json={"model": MODEL, "input": "with my own credential"})
        assert answer.status_code == 200
        assert "x-zg-simulated" not in answer.headers
        assert "SIMULATED" not in stack.output
        (sent,) = [seen for seen in simulator.requests if "with my own credential" in str(seen["body"])][-1:]
        assert sent["auth"] == kind
    finally:
        stack.stop()


def test_without_a_credential_nothing_is_started(folder: Path, simulator: Simulator) -> None:
    stack = serve(folder, simulator, UPSTREAM_SIMULATED="false", GEMINI_API_KEY="")
    try:
        before = len(simulator.requests)
        with stack.http() as http:
            answer = http.post("/v1/responses", json={"model": MODEL, "input": "hello"})
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "authentication_error"
        assert stack.query("SELECT count(*) FROM responses_api_trace") == [{"count": 0}]
        assert len(simulator.requests) == before
    finally:
        stack.stop()

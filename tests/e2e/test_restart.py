"""Start, stop, start again: what was said is still there, nothing is left running."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.processes import processes_using
from tests.e2e.stacks import MODEL, Simulator, serve, wait_until
from tests.e2e.streams import parse


def test_a_conversation_goes_on_after_a_restart(folder: Path, simulator: Simulator) -> None:
    before = serve(folder, simulator)
    client = before.client()
    first = client.responses.create(model=MODEL, input="one")
    second = client.responses.create(model=MODEL, input="two", previous_response_id=first.id)
    began = time.monotonic()
    assert before.stop(within=5) == [0]
    stopped = time.monotonic()
    wait_until(lambda: not processes_using(folder), within=5)

    after = serve(folder, simulator)
    print(f"stop {stopped - began:.2f} s, second start {(took := time.monotonic() - stopped):.2f} s")
    try:
        third = after.client().responses.create(model=MODEL, input="three", previous_response_id=second.id)
        assert third.output_text == "You said: three\nThere were 4 earlier turns."
        assert took < 15
        assert after.output.count("shown once") == 2, "printed by the first run only"
    finally:
        assert after.stop() == [0]


def test_a_response_committed_before_a_kill_is_there_after_it(folder: Path, simulator: Simulator) -> None:
    before = serve(folder, simulator)
    body = {"model": MODEL, "input": "one", "stream": True}
    response_id = ""
    with before.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
        for line in answer.iter_lines():
            if line.startswith('data: {"type":"response.completed"'):
                before.processes[0].send_signal(signal.SIGKILL)
                response_id = line.split('"id":"', 1)[1].split('"', 1)[0]
                break
    before.stop()
    wait_until(lambda: not processes_using(folder), within=10)

    after = serve(folder, simulator)
    try:
        following = after.client().responses.create(
            model=MODEL, input="two", previous_response_id=response_id
        )
        assert following.output_text == "You said: two\nThere were 2 earlier turns."
    finally:
        assert after.stop() == [0]


def test_a_stop_ends_running_streams_with_a_terminal_event(folder: Path, simulator: Simulator) -> None:
    running = serve(folder, simulator)
    body = {"model": MODEL, "input": "[[chunks=9]] [[stall=3]]", "stream": True}
    received = ""
    with (
        simulator.stream_is_closed(),
        running.http() as http,
        http.stream("POST", "/v1/responses", json=body) as answer,
    ):
        for piece in answer.iter_text():
            if "output_text.delta" in piece and "output_text.delta" not in received:
                running.processes[0].send_signal(signal.SIGTERM)
            received += piece

    assert parse(received)[-1]["type"] == "response.failed"
    assert running.processes[0].stop(within=5) == 0
    wait_until(lambda: not processes_using(folder), within=5)


def test_what_was_running_when_the_gateway_was_killed_is_booked_at_the_next_start(
    folder: Path, simulator: Simulator
) -> None:
    before = serve(folder, simulator)
    body = {"model": MODEL, "input": "[[chunks=9]] [[stall=3]]", "stream": True}
    with before.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
        lines = answer.iter_lines()  # kept: an iterator that is thrown away closes the connection
        next(line for line in lines if "output_text.delta" in line)
        before.processes[0].send_signal(signal.SIGKILL)
    before.stop()
    wait_until(lambda: not processes_using(folder), within=10)

    after = serve(folder, simulator)
    try:
        booked = after.query(
            "SELECT t.outcome, u.source FROM responses_api_trace t JOIN responses_api_usage u ON u.trace_id = t.id"
        )
        assert booked == [{"outcome": "failed", "source": "none"}]
        assert after.query("SELECT count(*) FROM responses_api_trace") == [{"count": 1}]
    finally:
        assert after.stop() == [0]


@pytest.mark.parametrize("program", ["curl", "python3"])
def test_the_printed_lines_work_when_pasted(folder: Path, simulator: Simulator, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine")
    stack = serve(folder, simulator)
    try:
        line = next(line for line in stack.output.splitlines() if line.startswith(f"{program} "))
        ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=True)
        assert "You said: Say hello." in ran.stdout
    finally:
        stack.stop()

"""The database dies under a running gateway."""

import os
import signal
from pathlib import Path

from tests.e2e.stacks import MODEL, Simulator, serve
from tests.e2e.streams import parse, text_of


def test_a_killed_database_is_started_again_and_the_response_is_kept(
    folder: Path, simulator: Simulator
) -> None:
    stack = serve(folder, simulator)
    try:
        body = {"model": MODEL, "input": "[[chunks=12]] [[delay_ms=50]]", "stream": True}
        received = ""
        with stack.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
            for piece in answer.iter_text():
                if "output_text.delta" in piece and "output_text.delta" not in received:
                    postmaster = int((folder / "data/postgres/postmaster.pid").read_text().split()[0])
                    os.kill(postmaster, signal.SIGKILL)
                received += piece

        events = parse(received)
        assert events[-1]["type"] == "response.completed"
        response_id = events[-1]["response"]["id"]
        booking = stack.booking(response_id)
        assert (booking["outcome"], booking["source"]) == ("completed", "intercepted")
        following = stack.client().responses.create(
            model=MODEL, input="[[echo_request]]", previous_response_id=response_id
        )
        assert text_of(events) in following.output_text.encode().decode("unicode_escape")
    finally:
        stack.stop()

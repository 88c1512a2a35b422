import json
import subprocess
from typing import Any

from responses_api.admin.repeating import LONGEST, curl, laid_out, request_of


def test_the_command_sends_exactly_the_request() -> None:
    body = {"model": "m", "input": 'it\'s $HOME, `date`, END_OF_REQUEST\nEND_OF_REQUEST\n\\ "q"'}
    command = curl("http://127.0.0.1:1/v1/responses", laid_out(body), key="zg-1…", stream=False)
    assert command is not None
    # A shell function in curl's place prints what it is given.
    script = 'curl() { while [ "$1" != "--data-binary" ]; do shift; done; cat; }\n' + command
    said = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True).stdout
    assert json.loads(said) == body


def test_the_key_is_named_and_not_told() -> None:
    command = curl("http://x/v1/responses", "{}", key="zg-abc…", stream=True)
    assert command is not None
    assert "zg-abc…" in command
    assert "Bearer $OPENAI_API_KEY" in command
    assert "--no-buffer" in command


def test_a_command_that_is_too_long_is_not_shown() -> None:
    assert curl("http://x", "x" * LONGEST, key="k", stream=False) is None


def test_a_request_made_again_from_a_stored_response() -> None:
    response: dict[str, Any] = {
        "id": "resp_1",
        "model": "m",
        "tools": [],
        "instructions": None,
        "temperature": 0.5,
        "usage": {"a": 1},
    }
    inputs = [{"type": "message", "id": "msg_1", "status": "completed", "role": "user", "content": "x"}]
    assert request_of(response, inputs, stream=True) == {
        "model": "m",
        "temperature": 0.5,
        "input": [{"type": "message", "role": "user", "content": "x"}],
        "stream": True,
    }

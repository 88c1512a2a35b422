import json
import struct

import pytest

from responses_api.exchanges.connect_protocol import EnvelopeCounter, LanguageServerFault, envelope, refusal


def sent(payload: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(payload)) + payload


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("canceled", "cancelled"),
        ("unknown", "failed"),
        ("invalid_argument", "does not understand"),
        ("deadline_exceeded", "in time"),
        ("not_found", "does not know"),
        ("already_exists", "already"),
        ("permission_denied", "does not permit"),
        ("resource_exhausted", "overloaded"),
        ("failed_precondition", "no state"),
        ("aborted", "gave the call up"),
        ("out_of_range", "does not understand"),
        ("unimplemented", "does not offer"),
        ("internal", "failed"),
        ("unavailable", "not ready"),
        ("data_loss", "lost data"),
        ("unauthenticated", "token"),
    ],
)
def test_every_code_of_connect_becomes_a_clear_502(code: str, part: str) -> None:
    fault = refusal("StartCascade", 400, json.dumps({"code": code, "message": "the reason"}).encode())
    assert (fault.http_status, fault.type, fault.code) == (502, "server_error", "language_server_error")
    assert part in fault.message
    assert "StartCascade" in fault.message
    assert fault.message.endswith(": the reason")


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b'{"code": 5}', b'{"code": "news"}', b"\xff", b"[" * 100_000]
)
def test_other_refusals_name_their_http_status(body: bytes) -> None:
    assert "HTTP status 418" in refusal("Heartbeat", 418, body).message


def test_secrets_in_the_servers_words_are_taken_out() -> None:
    body = b'{"code": "internal", "message": "bad key AIzaSyA-1234567890 of Bearer ya29.abc"}'
    message = refusal("Heartbeat", 500, body).message
    assert "AIza" not in message
    assert "ya29" not in message


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_envelopes_are_counted_however_they_are_cut(size: int) -> None:
    stream = (
        sent(b'{"version":"1"}') + sent(b"") + sent(b"x" * 300, flags=1) + sent(b"{}", flags=2) + b"beyond"
    )
    counter = EnvelopeCounter("Stream")
    assert sum(counter.feed(stream[at : at + size]) for at in range(0, len(stream), size)) == 3
    assert counter.ended


@pytest.mark.parametrize(
    ("end", "part"),
    [
        (b'{"error": {"code": "unimplemented", "message": "reactive state is disabled"}}', "does not offer"),
        (b'{"error": {"code": "", "message": ""}}', "ended the stream with an error"),
        (b"nonsense", "cannot be read"),
    ],
)
def test_a_stream_that_ends_with_an_error(end: bytes, part: str) -> None:
    with pytest.raises(LanguageServerFault, match=part):
        EnvelopeCounter("Stream").feed(sent(end, flags=2))


def test_an_end_without_a_payload_and_one_beyond_measure() -> None:
    counter = EnvelopeCounter("Stream")
    assert counter.feed(sent(b"", flags=2)) == 0
    assert counter.ended
    with pytest.raises(LanguageServerFault):
        EnvelopeCounter("Stream").feed(struct.pack(">BI", 2, 1 << 30))


def test_a_request_is_one_envelope() -> None:
    assert envelope({"id": "c"}) == sent(b'{"id":"c"}')

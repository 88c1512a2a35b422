import pytest

from interceptor.language_server.connect import (
    END_OF_STREAM,
    ConnectError,
    end_of_stream,
    envelope,
    open_envelope,
)


def test_an_envelope_is_flags_length_and_json() -> None:
    assert envelope({"a": "ü"}) == b"\x00\x00\x00\x00\x0a" + '{"a":"ü"}'.encode()


def test_an_envelope_opens_to_what_was_put_in() -> None:
    assert open_envelope(envelope({"id": "c"})) == b'{"id":"c"}'


def test_the_end_of_a_stream() -> None:
    assert end_of_stream() == bytes([END_OF_STREAM]) + b"\x00\x00\x00\x02{}"
    failed = end_of_stream(ConnectError("unknown", "gone"))
    assert failed[0] == END_OF_STREAM
    assert failed[5:] == b'{"error":{"code":"unknown","message":"gone"}}'


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00\x00", b"\x01\x00\x00\x00\x00", b"\x00\x00\x00\x00\x05{}", envelope({}) + b"x"],
    ids=["empty", "cut header", "compressed", "too short", "too long"],
)
def test_what_is_not_one_plain_envelope(body: bytes) -> None:
    with pytest.raises(ConnectError) as failure:
        open_envelope(body)
    assert failure.value.http_status == 400


@pytest.mark.parametrize(
    ("code", "status"), [("unauthenticated", 401), ("unimplemented", 404), ("unknown", 500)]
)
def test_codes_and_statuses(code: str, status: int) -> None:
    error = ConnectError(code, "why")
    assert error.http_status == status
    assert error.body() == {"code": code, "message": "why"}

"""What consumers read from a request, and tell in headers."""

import pytest

from responses_api.consumers.client_requests import adaptation_headers, allow_only_post, decoded
from responses_api.core.errors import InvalidRequest


def test_a_body_is_decoded() -> None:
    assert decoded(b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decoded(body)
    assert caught.value.http_status == 400


def test_only_post_is_allowed() -> None:
    allow_only_post("POST", "/v1/responses")
    with pytest.raises(InvalidRequest) as caught:
        allow_only_post("GET", "/v1/responses/compact")
    assert caught.value.http_status == 405
    assert "/v1/responses/compact" in caught.value.message


def test_adaptations_are_one_short_header() -> None:
    assert adaptation_headers([]) == []
    assert adaptation_headers(["a", "b\nc", "ü"]) == [(b"x-zg-adaptations", b"a; b c; ?")]
    ((_, value),) = adaptation_headers(["x" * 5_000])
    assert len(value) == 1_000


def test_adaptations_cannot_end_their_header() -> None:
    ((name, value),) = adaptation_headers(["call a\r\nx-evil: 1\x00\x7f is left out", "größer"])
    assert name == b"x-zg-adaptations"
    assert value == b"call a  x-evil: 1   is left out; gr??er"

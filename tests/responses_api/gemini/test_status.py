from responses_api.gemini.chunks import decode_payload
from responses_api.gemini.status import ErrorStatus, decode_details


def test_unreadable_details_are_left_out() -> None:
    [status] = decode_payload(
        b'{"error":{"details":[7,{"retryDelay":1},{"@type":"t","reason":"R","new":{}}]}}'
    )
    assert isinstance(status, ErrorStatus)
    [detail] = decode_details(status)
    assert (detail.kind, detail.reason) == ("t", "R")


def test_no_details() -> None:
    assert decode_details(ErrorStatus()) == ()

"""A request to compact as one for a response, and the answer."""

import pytest

from responses_api.core.compaction_object import compaction_object, create_body
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from tests.responses_api.core.openapi_schemas import OPENAI_ITEM

TRIGGER = {"type": "compaction_trigger"}
HELLO = {"role": "user", "content": "hello"}


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ("hello", [HELLO, TRIGGER]),
        ([HELLO], [HELLO, TRIGGER]),
        ([HELLO, TRIGGER], [HELLO, TRIGGER]),
        (None, [TRIGGER]),
    ],
)
def test_the_trigger_is_put_behind_the_input(given: object, items: list[object]) -> None:
    body = create_body({"model": "m", "input": given, "previous_response_id": "resp_1"})
    assert isinstance(body, dict)
    assert body["input"] == items
    request = parse_create_request(body)
    assert request.asks_for_compaction
    assert (request.store, request.stream, request.background) == (False, False, False)
    assert request.previous_response_id == "resp_1"


def test_a_model_has_to_be_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        create_body({"input": "hello"})
    assert (caught.value.param, caught.value.code) == ("model", "missing_required_parameter")


@pytest.mark.parametrize("body", [[], "hello", {"model": "m", "input": 1}])
def test_what_is_no_request_is_left_to_the_check_of_requests(body: object) -> None:
    with pytest.raises(InvalidRequest):
        parse_create_request(create_body(body))


def test_the_answer_is_the_next_input() -> None:
    item = {"type": "compaction", "id": "cmp_1", "status": "completed", "encrypted_content": "x"}
    kept = {"type": "message", "id": "msg_1", "role": "user", "content": []}
    usage = {"input_tokens": 1}
    response = {"id": "resp_1", "created_at": 5, "output": [item], "usage": usage, "status": "completed"}
    assert compaction_object(response, [kept]) == {
        "id": "resp_1",
        "object": "response.compaction",
        "created_at": 5,
        "output": [kept, item],
        "usage": usage,
    }
    OPENAI_ITEM.validate(item)

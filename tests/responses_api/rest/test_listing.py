from typing import Any

import pytest
from django.http import QueryDict

from responses_api.core.errors import InvalidRequest
from responses_api.rest.listing import ItemQuery, ListQuery, list_body, read_query, shown

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"}
LOGPROBS = "message.output_text.logprobs"


def read(query: str) -> ListQuery:
    return read_query(ListQuery, QueryDict(query))


def test_what_is_not_said_has_a_default() -> None:
    assert read("") == ListQuery(limit=20, order="desc", after=None, include=())


def test_an_id_may_look_like_a_number() -> None:
    assert read("after=17").after == "17"


def test_everything_said() -> None:
    assert read(f"limit=100&order=asc&after=msg_1&include={LOGPROBS}&page=7") == ListQuery(
        limit=100, order="asc", after="msg_1", include=(LOGPROBS,)
    )


@pytest.mark.parametrize(
    "query",
    [
        f"include[]={LOGPROBS}&include[]=reasoning.encrypted_content",
        f"include={LOGPROBS}&include=reasoning.encrypted_content",
        f"include={LOGPROBS},reasoning.encrypted_content",
    ],
)
def test_a_list_may_be_written_in_each_of_the_usual_ways(query: str) -> None:
    assert read_query(ItemQuery, QueryDict(query)).include == (LOGPROBS, "reasoning.encrypted_content")


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("limit=0", "limit", "integer_below_min_value"),
        ("limit=101", "limit", "integer_above_max_value"),
        ("limit=many", "limit", "invalid_type"),
        ("limit=", "limit", "invalid_type"),
        ("limit=" + "9" * 5000, "limit", "invalid_type"),
        ("order=up", "order", "invalid_value"),
        ("include=everything", "include[0]", "invalid_value"),
    ],
)
def test_a_fault_names_its_parameter(query: str, param: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(query)
    assert (caught.value.http_status, caught.value.param, caught.value.code) == (400, param, code)
    assert len(caught.value.message) < 400


def test_a_page_tells_its_ends() -> None:
    items = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    assert list_body(items, has_more=True) == {
        "object": "list",
        "data": items,
        "first_id": "a",
        "last_id": "c",
        "has_more": True,
    }
    empty = list_body([], has_more=False)
    assert (empty["data"], empty["first_id"], empty["last_id"]) == ([], "", "")


def test_the_images_of_messages_are_listed_if_they_are_asked_for() -> None:
    text = {"type": "input_text", "text": "look"}
    seen: dict[str, Any] = {"type": "message", "id": "msg_1", "content": [text, IMAGE]}
    call: dict[str, Any] = {"type": "function_call_output", "id": "fco_1", "output": [IMAGE]}
    assert shown([seen, call], ["message.input_image.image_url"]) == [seen, call]
    assert shown([seen, call], []) == [{**seen, "content": [text, {**IMAGE, "image_url": None}]}, call]
    assert seen["content"][1] is IMAGE

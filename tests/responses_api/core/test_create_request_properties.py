"""Whatever a client sends is a request, or refused by name."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
odd_strings = st.sampled_from(
    ["message", "function_call_output", "input_image", "function", "json_schema", "user", "(other)", "\ud800"]
)
odd_items = st.dictionaries(
    st.sampled_from(["type", "role", "content", "id", "call_id", "output", "summary", "image_url"]),
    odd_strings | json_values,
    max_size=5,
)
likely_bodies = st.dictionaries(
    st.sampled_from(sorted(CreateRequest.model_fields)) | st.text(max_size=4),
    json_values | odd_strings | odd_items | st.lists(odd_items, max_size=2),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(body=json_values | likely_bodies)
def test_any_json_value_is_a_request_or_refused(body: object) -> None:
    try:
        request = parse_create_request(body)
    except InvalidRequest as error:
        assert error.http_status == 400
        assert error.message.encode()
        assert len(error.message) < 1000
    else:
        assert isinstance(request, CreateRequest)


@settings(max_examples=100, deadline=None)
@given(item=odd_items)
def test_any_item_is_canonical_or_refused(item: dict[str, Any]) -> None:
    try:
        (parsed_item,) = parse_create_request({"input": [item]}).input
    except InvalidRequest as error:
        assert (error.param or "").startswith("input[0]")
    else:
        assert parsed_item.items() >= {k: v for k, v in item.items() if k not in ("type", "content")}.items()
        assert parsed_item["type"] == item.get("type") or item.get("type") is None

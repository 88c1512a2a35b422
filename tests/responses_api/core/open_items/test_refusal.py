"""A refusal: a message whose one part says why there is no answer."""

from responses_api.core.open_items import OpenRefusal

PLACE = {"item_id": "msg_1", "output_index": 1, "content_index": 0}


def test_a_refusal_is_told_like_a_message() -> None:
    item = OpenRefusal("msg_1", 1, "No.")
    (_, added), part, delta = item.opening()
    assert added["item"]["content"] == []
    assert part == ("response.content_part.added", {**PLACE, "part": {"type": "refusal", "refusal": ""}})
    assert delta == ("response.refusal.delta", {**PLACE, "delta": "No."})
    text, part, (_, done) = item.closing("completed")
    assert text == ("response.refusal.done", {**PLACE, "refusal": "No."})
    assert part == ("response.content_part.done", {**PLACE, "part": {"type": "refusal", "refusal": "No."}})
    assert done["item"] == {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "refusal", "refusal": "No."}],
    }

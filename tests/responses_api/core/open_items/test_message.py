"""An assistant message as it grows."""

from responses_api.core.generation_events import TokenLogprob
from responses_api.core.open_items import OpenMessage
from responses_api.core.output_items import UrlCitation

CITATION: UrlCitation = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 3}


def test_a_message_grows() -> None:
    item = OpenMessage("msg_1", 0)
    assert item.delta("Hel")[0] == "response.output_text.delta"
    _, fields = item.delta("lo")
    assert fields == {
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "lo",
        "logprobs": [],
    }
    assert item.wire("incomplete") == {
        "type": "message",
        "id": "msg_1",
        "status": "incomplete",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}],
    }


def test_annotations_are_numbered() -> None:
    item = OpenMessage("msg_1", 0)
    item.delta("Hello")
    numbers = [item.annotate(CITATION)[1]["annotation_index"] for _ in range(2)]
    assert numbers == [0, 1]
    [part] = item.wire("completed")["content"]
    assert part["type"] == "output_text"
    assert part["annotations"] == [CITATION, CITATION]


def test_a_message_is_announced_without_what_it_says() -> None:
    item = OpenMessage("msg_1", 0)
    item.delta("Hello", (TokenLogprob("Hello", -0.5),))
    added, part = item.opening()
    assert added[1]["item"]["content"] == []
    assert part[1]["part"] == {"type": "output_text", "text": "", "annotations": [], "logprobs": []}

"""A conversation that was summed up: the item of it among the others, and what it counts for."""

from responses_api.core.generation_events import ContextCompacted, Finished, TextDelta
from tests.responses_api.core.response_streams import output_of, run

COMPACTED = ContextCompacted("sealed", 40)
STOP = Finished("completed", "STOP")


def test_the_summary_comes_before_the_answer() -> None:
    stream, events = run([COMPACTED, TextDelta("hi"), STOP])
    assert [item["type"] for item in output_of(stream)] == ["compaction", "message"]
    assert [event["type"] for event in events][2:5] == [
        "response.output_item.added",
        "response.output_item.done",
        "response.output_item.added",
    ]
    assert [item.wire["type"] for item in stream.items] == ["compaction", "message"]
    assert stream.visible_chars == 42


def test_a_response_may_be_nothing_but_the_summary() -> None:
    stream, events = run([COMPACTED, STOP])
    (item,) = output_of(stream)
    assert (item["type"], item["encrypted_content"], item["id"][:4]) == ("compaction", "sealed", "cmp_")
    assert events[-1]["type"] == "response.completed"


def test_a_summary_is_no_answer() -> None:
    """A filter that left nothing of the answer is told by a refusal, as without a summary."""
    stream, _ = run([COMPACTED, Finished("content_filter", "SAFETY")])
    assert [item["type"] for item in output_of(stream)] == ["compaction", "message"]
    assert output_of(stream)[1]["content"][0]["type"] == "refusal"

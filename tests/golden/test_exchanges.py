"""Whole exchanges against their golden files, and against judges from outside.

``pytest tests/golden --update-golden`` writes what the code makes now; review the difference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from responses_api.core.snapshot import apply
from responses_api.core.stream_events import TERMINAL_TYPES, StreamEvent
from tests.golden.exchanges import GOLDEN, NAMES, Recording, pretty
from tests.oracles import openai_sdk
from tests.responses_api.core.openapi_schemas import OPEN_RESPONSES_RESPONSE, OPENAI_RESPONSE
from tests.responses_api.core.test_response_stream_judges import DOCUMENTS, as_documented
from tests.responses_api.gemini.conversations import assert_valid

RECORDINGS = [Recording(name) for name in NAMES]
SERVED = [recording for recording in RECORDINGS if recording.is_served]
REFUSED = [recording for recording in RECORDINGS if not recording.is_served]
each = pytest.mark.parametrize("recording", SERVED, ids=lambda recording: recording.name)


CUTS = 400
"""Two-part reads tried per answer; on top of them each is read byte by byte."""


def test_there_are_enough() -> None:
    assert len(SERVED) >= 100
    assert len(REFUSED) >= 12


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_golden_files(recording: Recording, update_golden: bool) -> None:
    error = recording.error()
    made = {"error.json": pretty(error)} if error is not None else dict(recording.run().files())
    if update_golden:
        for name in GOLDEN:
            (recording.path / name).unlink(missing_ok=True)
        for name, text in made.items():
            (recording.path / name).write_text(text, encoding="utf-8")
    kept = {name for name in GOLDEN if (recording.path / name).exists()}
    assert kept == set(made)
    for name, text in made.items():
        assert text == (recording.path / name).read_text(encoding="utf-8"), name


@each
def test_the_upstream_request_fits_the_protocol(recording: Recording) -> None:
    assert_valid(recording.run().overlay.body)


@each
def test_an_answer_cut_anywhere_says_the_same(recording: Recording) -> None:
    answer = recording.answer()
    whole = answer.events()
    assert answer.events_byte_by_byte() == whole
    # Where the frames are long, every so many bytes: the work grows with the square of the length.
    for position in range(1, len(answer.body), 1 + len(answer.body) // CUTS):
        assert answer.events_cut_at(position) == whole, position


@each
def test_the_folded_stream_is_the_final_object(recording: Recording) -> None:
    run = recording.run()
    folded = None
    for event in run.events:
        folded = apply(folded, event)
    assert folded == run.response


@each
def test_the_grammar_of_a_stream(recording: Recording) -> None:
    events: list[Any] = recording.run().events
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert [index for index, event in enumerate(events) if event["type"] in TERMINAL_TYPES] == [
        len(events) - 1
    ]
    added = [event["output_index"] for event in events if event["type"] == "response.output_item.added"]
    done = Counter(event["output_index"] for event in events if event["type"] == "response.output_item.done")
    assert added == list(range(len(added)))
    assert done == Counter(added)
    assert all("error" not in event for event in events if event["type"] != "error")


@each
def test_the_official_clients_accumulator_agrees(recording: Recording) -> None:
    run = recording.run()
    for event in run.events:
        assert openai_sdk.parse_strictly(without_private_codes(event)).type == event["type"]
    final = openai_sdk.fold(run.events)
    if run.response["status"] != "completed":
        assert final is None
        return
    assert final is not None
    theirs: list[Any] = final.output
    ours = run.response["output"]
    assert [(item.type, item.id) for item in theirs] == [(item["type"], item["id"]) for item in ours]
    said = [part["text"] for item in ours if item["type"] == "message" for part in item["content"]]
    assert final.output_text == "".join(said)


@each
def test_what_comes_piece_by_piece_is_what_comes_whole(recording: Recording) -> None:
    run = recording.run()
    joined: defaultdict[tuple[Any, ...], str] = defaultdict(str)
    whole: dict[tuple[Any, ...], str] = {}
    items: list[Any] = []
    for event in map(dict[str, Any], run.events):
        kind, _, stage = event["type"].rpartition(".")
        if event["type"] == "response.output_item.done":
            items.append(event["item"])
        elif kind in WHOLE and stage == "delta":
            joined[_place(kind, event)] += event["delta"]
        elif kind in WHOLE:
            assert _place(kind, event) not in whole
            whole[_place(kind, event)] = event[WHOLE[kind][-1]]
    assert items == run.response["output"]
    assert joined == whole
    assert whole == {place: text for item in items for place, text in _texts(item)}


GROUNDED = [recording for recording in SERVED if b"groundingSupports" in recording.answer().body]


@pytest.mark.parametrize("recording", GROUNDED, ids=lambda recording: recording.name)
def test_a_citation_covers_what_the_upstream_quoted(recording: Recording) -> None:
    metadata = [candidate.get("groundingMetadata", {}) for candidate in recording.answer().candidates()]
    quoted = {
        (support["segment"]["text"], chunks["groundingChunks"][index]["web"]["uri"])
        for chunks in metadata
        for support in chunks.get("groundingSupports", ())
        for index in support["groundingChunkIndices"]
    }
    output: list[Any] = recording.run().response["output"]
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    cited = {
        (part["text"][mark["start_index"] : mark["end_index"]], mark["url"])
        for part in parts
        for mark in part["annotations"]
    }
    assert cited == {(text, url) for text, url in quoted if any(text in part["text"] for part in parts)}


@each
def test_the_counts_add_up(recording: Recording) -> None:
    usage = recording.run().response["usage"]
    if usage is not None:
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage["input_tokens_details"]["cached_tokens"] <= usage["input_tokens"]
        assert usage["output_tokens_details"]["reasoning_tokens"] <= usage["output_tokens"]


@each
def test_every_event_fits_openais_document(recording: Recording) -> None:
    for event in recording.run().events:
        DOCUMENTS["openai"][event["type"]].validate(as_openai_documents_it(event))


@each
def test_every_event_fits_open_responses(recording: Recording) -> None:
    validators = DOCUMENTS["openresponses"]
    for event in map(dict[str, Any], recording.run().events):
        if "response" in event:
            event["response"] = as_open_responses_knows_it(event["response"])
        if event["type"] in validators and event.get("item", {}).get("type", "message") in OPEN_ITEM_TYPES:
            validators[event["type"]].validate(event)


@each
def test_the_response_fits_both_documents(recording: Recording) -> None:
    response = recording.run().response
    OPEN_RESPONSES_RESPONSE.validate(as_open_responses_knows_it(response))
    OPENAI_RESPONSE.validate(as_openai_documents_it({"response": response})["response"])


@pytest.mark.parametrize("recording", REFUSED, ids=lambda recording: recording.name)
def test_a_refusal_is_in_openais_form(recording: Recording) -> None:
    refusal = msgspec.json.decode((recording.path / "error.json").read_bytes())
    assert refusal.keys() == {"status", "error"}
    assert 400 <= refusal["status"] < 500
    assert refusal["error"].keys() == {"message", "type", "param", "code"}
    assert refusal["error"]["message"].endswith((".", ")"))


WHOLE = {
    "response.output_text": ("content", "text"),
    "response.refusal": ("content", "refusal"),
    "response.reasoning_summary_text": ("summary", "text"),
    "response.function_call_arguments": ("arguments",),
    "response.custom_tool_call_input": ("input",),
    "response.code_interpreter_call_code": ("code",),
}
"""Where the text that comes in deltas stands in its item; the last name is also that in the ``done`` event."""


def _place(kind: str, event: dict[str, Any]) -> tuple[Any, ...]:
    index = event.get("content_index", event.get("summary_index"))
    return (event["item_id"], *WHOLE[kind][:1], index, WHOLE[kind][-1])


def _texts(item: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text of ``item`` that has deltas, by its place."""
    for member, *inner in WHOLE.values():
        if not inner:
            if member in item and isinstance(item[member], str):
                yield (item["id"], member, None, member), item[member]
            continue
        for index, part in enumerate(item.get(member) or ()):
            if inner[0] in part and (part["type"] == "refusal") == (inner[0] == "refusal"):
                yield (item["id"], member, index, inner[0]), part[inner[0]]


def as_openai_documents_it(event: StreamEvent | dict[str, Any]) -> Any:
    """``event`` without the nulls that OpenAI sends, but its document knows only as absent."""
    documented: Any = as_documented(without_private_codes(event), "openai")
    text = documented["response"]["text"] if "response" in documented else {}
    if text.get("format", {}).get("description", "") is not None:
        return documented
    told = {key: value for key, value in text["format"].items() if key != "description"}
    return {**documented, "response": {**documented["response"], "text": {**text, "format": told}}}


OPEN_ITEM_TYPES = ("message", "function_call", "function_call_output", "reasoning")
"""All that the document of Open Responses has schemas for; of tools it knows functions only."""
_NEWER_EFFORTS = ("minimal", "max")


def as_open_responses_knows_it(response: dict[str, Any]) -> dict[str, Any]:
    """``response`` without what only OpenAI's document has a schema for.

    Those are items, tools and choices of other types, two efforts, and the schema of an output
    format, which its document allows to be null and nothing else.
    """
    choice, effort = response["tool_choice"], response["reasoning"]["effort"]
    known_choice = isinstance(choice, str) or choice["type"] in ("function", "allowed_tools")
    output_format = response["text"]["format"]
    has_schema = output_format["type"] == "json_schema"
    return {
        **response,
        "output": [item for item in response["output"] if item["type"] in OPEN_ITEM_TYPES],
        "tools": [tool for tool in response["tools"] if tool["type"] == "function"],
        "tool_choice": choice if known_choice else "auto",
        "reasoning": {**response["reasoning"], "effort": None if effort in _NEWER_EFFORTS else effort},
        "text": {
            **response["text"],
            "format": {**output_format, "schema": None} if has_schema else output_format,
        },
    }


_PRIVATE_CODES = ("context_length_exceeded", "insufficient_quota", "server_is_overloaded")


def without_private_codes(event: StreamEvent | dict[str, Any]) -> Any:
    """``event`` with a documented code where ``response.error`` has one that only clients know."""
    response: Any = event.get("response") or {}
    error = response.get("error")
    if not error or error["code"] not in _PRIVATE_CODES:
        return event
    return {**event, "response": {**response, "error": {**error, "code": "server_error"}}}

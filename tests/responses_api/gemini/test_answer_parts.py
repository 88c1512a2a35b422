from typing import Any

import msgspec
import pytest

from responses_api.core.generation_events import (
    CodeRan,
    CodeWritten,
    GenerationEvent,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    TokenLogprob,
    ToolCall,
)
from responses_api.gemini.answer_parts import PartReader
from responses_api.gemini.chunks import decode_part

type Json = dict[str, Any]


def read(*parts: Json) -> list[GenerationEvent]:
    reader = PartReader()
    raws = [msgspec.Raw(msgspec.json.encode(part)) for part in parts]
    return [event for raw in raws for event in reader.events(decode_part(raw), raw)]


def tool_call(tool: str = "GOOGLE_SEARCH_WEB", **rest: Any) -> Json:
    return {"toolCall": {"toolType": tool, **rest}}


def tool_response(tool: str = "GOOGLE_SEARCH_WEB", **rest: Any) -> Json:
    return {"toolResponse": {"toolType": tool, **rest}}


CODE = {"executableCode": {"language": "PYTHON", "code": "print(1)", "id": "x1"}, "thoughtSignature": "cw=="}


def code_result(outcome: str, output: str = "1\n") -> Json:
    return {"codeExecutionResult": {"outcome": outcome, "output": output, "id": "x1"}}


@pytest.mark.parametrize(
    ("part", "events"),
    [
        ({"text": "a"}, [TextDelta("a")]),
        ({"text": "a", "thought": True}, [ThoughtDelta("a")]),
        ({"text": "a", "thoughtSignature": "cw=="}, [TextDelta("a"), PartSigned("cw==")]),
        ({"text": "a", "thought": True, "thoughtSignature": "cw=="}, [ThoughtDelta("a"), PartSigned("cw==")]),
        ({"text": "", "thoughtSignature": "cw=="}, [PartSigned("cw==", "text")]),
        ({"thoughtSignature": "cw=="}, [PartSigned("cw==", "text")]),
        ({"text": "", "thought": True, "thoughtSignature": "cw=="}, [PartSigned("cw==", "thought")]),
        ({"text": ""}, []),
        ({"partMetadata": {"a": 1}}, []),
        ({"functionCall": {"name": "f"}}, [ToolCall("f", "{}")]),
        (
            {"functionCall": {"name": "f", "args": {"a": 1}, "id": "c1"}, "thoughtSignature": "cw=="},
            [ToolCall("f", '{"a":1}', "c1", "cw==")],
        ),
        ({"functionCall": {}}, [PartIgnored("functionCall")]),
        ({"fileData": {"fileUri": "x"}}, [PartIgnored("fileData")]),
        ({"inlineData": {"mimeType": "image/png", "data": "-_8="}}, [ImageMade("image/png", "+/8=")]),
        (
            {"inlineData": {"mimeType": "image/jpeg", "data": "QQ=="}, "thoughtSignature": "cw=="},
            [ImageMade("image/jpeg", "QQ==", "cw==")],
        ),
        ({"inlineData": {"mimeType": "image/png", "data": ""}}, [PartIgnored("inlineData image/png")]),
        ({"inlineData": {"mimeType": "audio/wav", "data": "QQ=="}}, [PartIgnored("inlineData audio/wav")]),
        ({"inlineData": {"data": "QQ=="}}, [PartIgnored("inlineData")]),
    ],
)  # fmt: skip
def test_parts_that_stand_for_themselves(part: Json, events: list[GenerationEvent]) -> None:
    assert read(part) == events


def test_a_draft_drawn_while_thinking_is_no_picture_of_the_answer() -> None:
    draft = {"inlineData": {"mimeType": "image/png", "data": "QQ=="}, "thought": True}
    assert read(draft) == [PartIgnored("inlineData image/png")]


def test_log_probabilities_go_with_visible_text_only() -> None:
    token = (TokenLogprob("a", -0.1),)
    for payload, event in [
        (b'{"text":"a"}', TextDelta("a", token)),
        (b'{"text":"a","thought":true}', ThoughtDelta("a")),
    ]:
        raw = msgspec.Raw(payload)
        assert PartReader().events(decode_part(raw), raw, token) == [event]


# --- code ---


@pytest.mark.parametrize(
    ("outcome", "succeeded"),
    [("OUTCOME_OK", True), ("OUTCOME_FAILED", False), ("OUTCOME_DEADLINE_EXCEEDED", False), ("NEW", False)],
)
def test_a_program_and_how_it_ended(outcome: str, succeeded: bool) -> None:
    result = code_result(outcome)
    assert read(CODE, result) == [CodeWritten("print(1)", CODE), CodeRan("1\n", result, succeeded=succeeded)]


def test_a_result_without_a_program_of_its_own() -> None:
    ignored = PartIgnored("codeExecutionResult")
    assert read(code_result("OUTCOME_OK")) == [ignored]
    assert read(CODE, code_result("OUTCOME_OK"), code_result("OUTCOME_OK"))[2:] == [ignored]


def test_two_programs() -> None:
    kinds = [
        type(event) for event in read(CODE, code_result("OUTCOME_FAILED"), CODE, code_result("OUTCOME_OK"))
    ]
    assert kinds == [CodeWritten, CodeRan, CodeWritten, CodeRan]


# --- hosted tools ---


def test_a_search_and_its_end_verbatim() -> None:
    called = {
        **tool_call(id="s1", args={"queries": ["a", "b"]}),
        "thoughtSignature": "cw==",
        "newMember": [1],
    }
    answered = tool_response(id="s1", response={"search_suggestions": "<div>"})
    assert read(called, answered) == [
        HostedToolCalled("s1", "web_search", called, queries=("a", "b")),
        HostedToolAnswered("s1", answered),
    ]


@pytest.mark.parametrize(
    ("tool", "args", "kind", "queries", "urls"),
    [
        ("GOOGLE_SEARCH_WEB", {"query": "q"}, "web_search", ("q",), ()),
        ("GOOGLE_SEARCH_WEB", {"queries": "q"}, "web_search", ("q",), ()),
        ("GOOGLE_SEARCH_IMAGE", {"queries": ["q", 7, ""]}, "web_search", ("q",), ()),
        ("URL_CONTEXT", {"urls": ["u", "v"]}, "open_page", (), ("u", "v")),
        ("URL_CONTEXT", {"url": "u"}, "open_page", (), ("u",)),
        ("URL_CONTEXT", {"urls": None}, "open_page", (), ()),
        ("GOOGLE_SEARCH_WEB", None, "web_search", (), ()),
    ],
)  # fmt: skip
def test_what_a_hosted_tool_is_asked(
    tool: str, args: Json | None, kind: str, queries: tuple[str, ...], urls: tuple[str, ...]
) -> None:
    [called] = read(tool_call(tool, args=args))
    assert isinstance(called, HostedToolCalled)
    assert (called.tool, called.queries, called.urls) == (kind, queries, urls)


def keys(*parts: Json) -> list[str]:
    return [event.call for event in read(*parts) if isinstance(event, HostedToolCalled | HostedToolAnswered)]


def test_without_ids_a_response_answers_the_first_open_call_of_its_tool() -> None:
    page, search = tool_call("URL_CONTEXT"), tool_call()
    first, second, third, *answers = keys(
        page, search, search, tool_response(), tool_response("URL_CONTEXT"), tool_response("")
    )
    assert answers == [second, first, third]
    assert len({first, second, third}) == 3 and all((first, second, third))


def test_with_ids_the_order_does_not_matter() -> None:
    assert keys(tool_call(id="a"), tool_call(id="b"), tool_response(id="b"), tool_response(id="a")) == [
        "a",
        "b",
        "b",
        "a",
    ]


def test_a_repeated_id_names_two_runs() -> None:
    first, first_end, second, second_end = keys(
        tool_call(id="a"), tool_response(id="a"), tool_call(id="a"), tool_response(id="a")
    )
    assert first == first_end == "a"
    assert second == second_end != "a"


def test_an_invented_key_is_not_taken_twice() -> None:
    invented = keys(tool_call())[0]
    assert len(set(keys(tool_call(), tool_call(id=invented), tool_call()))) == 3


@pytest.mark.parametrize("tool", ["GOOGLE_MAPS", "FILE_SEARCH", "MEDIA_PROCESSING", "SOMETHING_NEW"])
def test_tools_that_have_no_place(tool: str) -> None:
    assert read(tool_call(tool, id="1"), tool_response(tool, id="1")) == [
        PartIgnored(f"toolCall {tool}"),
        PartIgnored(f"toolResponse {tool}"),
    ]


def test_a_response_that_answers_nothing() -> None:
    ignored = PartIgnored("toolResponse GOOGLE_SEARCH_WEB")
    assert read(tool_response()) == [ignored]
    assert read(tool_call(id="a"), tool_response(id="b"))[1:] == [ignored]
    assert read(tool_call(id="a"), tool_response(id="a"), tool_response(id="a"))[2:] == [ignored]


def test_a_tool_that_failed() -> None:
    failed = tool_response(response={"error": "not reachable"})
    assert read(tool_call(), failed)[1] == HostedToolAnswered("hosted_1", failed, succeeded=False)

"""What the upstream does by itself, as items: searches, pages, programs, pictures, and what the text rests on."""

from typing import Any

import pytest

from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    Citation,
    CodeRan,
    CodeWritten,
    Finished,
    GenerationEvent,
    Grounded,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartSigned,
    TextDelta,
    TokenLogprob,
    WebSource,
)
from responses_api.core.output_options import OutputOptions
from responses_api.core.stream_events import StreamEvent
from tests.responses_api.core.response_streams import SOURCES, STATELESS, output_of, run, send_all, started

STOP = Finished("completed", "STOP")
CUT = Finished("max_output_tokens", "MAX_TOKENS")
HELLO = TextDelta("Hello")
SEARCH = HostedToolCalled("1", "web_search", {"call": 1}, queries=("rain", "sun"))
FOUND = HostedToolAnswered("1", {"answer": 1})
CODE = CodeWritten("1 + 1", {"code": 1})
RAN = CodeRan("2", {"ran": 1})
RAIN = Grounded(("rain",), (WebSource("https://a.example/"),))


def types(events: list[StreamEvent]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def steps(events: list[StreamEvent]) -> list[str]:
    """The types of all but the lifecycle's events."""
    return [name for name in types(events) if "." in name]


def parts(sent: list[GenerationEvent], options: OutputOptions = STATELESS) -> list[tuple[Any, ...]]:
    """Per recorded item the upstream's parts."""
    return [item.upstream.parts for item in run(sent, options)[0].items if item.upstream]


def statuses(sent: list[GenerationEvent]) -> list[str]:
    return [item["status"] for item in output_of(run(sent)[0])]


# The web

SEARCHES = ["output_item.added", "web_search_call.in_progress", "web_search_call.searching"]


def test_a_search() -> None:
    stream, events = run([SEARCH, FOUND, STOP])
    assert steps(events) == [*SEARCHES, "web_search_call.completed", "output_item.done"]
    assert output_of(stream) == [
        {
            "type": "web_search_call",
            "id": "ws_0",
            "status": "completed",
            "action": {"type": "search", "query": "rain", "queries": ["rain", "sun"]},
        }
    ]
    [item] = stream.items
    assert item.upstream
    assert item.upstream.parts == ({"call": 1}, {"answer": 1})


@pytest.mark.parametrize(
    ("urls", "url"), [(("https://a.example/", "https://b.example/"), "https://a.example/"), ((), None)]
)
def test_a_page(urls: tuple[str, ...], url: str | None) -> None:
    stream, _ = run([HostedToolCalled("1", "open_page", {}, urls=urls), FOUND, STOP])
    [item] = output_of(stream)
    assert item["action"] == {"type": "open_page", "url": url}


def test_a_search_is_seen_searching() -> None:
    stream = started()
    send_all(stream, [SEARCH])
    assert [item["status"] for item in output_of(stream)] == ["searching"]


def test_a_search_that_failed_was_not_completed() -> None:
    stream, events = run([SEARCH, HostedToolAnswered("1", {}, succeeded=False), STOP])
    assert steps(events) == [*SEARCHES, "output_item.done"]
    assert output_of(stream)[0]["status"] == "failed"


@pytest.mark.parametrize(
    ("following", "status"),
    [
        ([STOP], "completed"),
        ([HELLO, CUT], "completed"),
        ([CUT], "failed"),
        ([Finished("failed", "OTHER")], "failed"),
    ],
)
def test_a_search_without_an_answer_ends_with_what_follows(
    following: list[GenerationEvent], status: str
) -> None:
    assert statuses([SEARCH, *following])[0] == status


def test_a_late_answer_is_kept_with_its_search() -> None:
    sent: list[GenerationEvent] = [SEARCH, HELLO, FOUND, HELLO, STOP]
    assert statuses(sent) == ["completed", "completed"]
    assert parts(sent, OutputOptions()) == [({"call": 1}, {"answer": 1}), ()]


def test_parallel_searches_keep_their_own_answers() -> None:
    second = HostedToolCalled("2", "web_search", {"call": 2})
    sent: list[GenerationEvent] = [SEARCH, second, FOUND, HostedToolAnswered("2", {"answer": 2}), STOP]
    assert parts(sent, OutputOptions()) == [({"call": 1}, {"answer": 1}), ({"call": 2}, {"answer": 2})]


@pytest.mark.parametrize(
    "sent",
    [
        [FOUND],
        [SEARCH, FOUND, FOUND],
        [SEARCH, HostedToolAnswered("2", {"answer": 2}), FOUND],
        [SEARCH, AnswerStarted("m"), FOUND],
        [RAN],
    ],
)
def test_an_answer_to_nothing_is_named(sent: list[GenerationEvent]) -> None:
    stream, _ = run([*sent, STOP])
    assert stream.ignored_parts == ["hosted answer"]


# Searches that only grounding tells of

CITED = Grounded(("rain",), (), (Citation(0, 5, "https://a.example/x", "A"),))


def test_searches_are_shown_after_the_text_that_rests_on_them() -> None:
    stream, _ = run([HELLO, RAIN, Grounded(("sun", "rain")), STOP])
    message, search = output_of(stream)
    assert message["type"] == "message"
    assert search["action"] == {"type": "search", "query": "rain", "queries": ["rain", "sun"]}
    assert search["status"] == "completed"


def test_sources_are_shown_to_who_asks() -> None:
    again = Grounded((), (WebSource("https://b.example/"), WebSource("https://a.example/")))
    stream, _ = run([HELLO, RAIN, again, STOP], OutputOptions(include=frozenset({SOURCES})))
    assert output_of(stream)[1]["action"]["sources"] == [
        {"type": "url", "url": "https://a.example/"},
        {"type": "url", "url": "https://b.example/"},
    ]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([HELLO, RAIN, PartSigned("s"), HELLO, RAIN, STOP], ["message", "web_search_call", "message"]),
        ([SEARCH, FOUND, HELLO, RAIN, STOP], ["web_search_call", "message"]),
        ([HELLO, RAIN, SEARCH, FOUND, STOP], ["message", "web_search_call"]),
        ([HELLO, Grounded((), (WebSource("https://a.example/"),)), STOP], ["message"]),
        ([HELLO, RAIN, AnswerStarted("m"), HELLO, RAIN, STOP], ["message", "web_search_call"] * 2),
        ([HELLO, RAIN, AnswerContinued("m"), HELLO, RAIN, STOP], ["message", "web_search_call"]),
        ([HELLO, RAIN, CUT], ["message", "web_search_call"]),
        ([HELLO, RAIN, Finished("failed", "OTHER")], ["message"]),
    ],
)
def test_searches_are_shown_once_in_an_answer(sent: list[GenerationEvent], expected: list[str]) -> None:
    assert [item["type"] for item in output_of(run(sent)[0])] == expected


# Citations


def annotations(stream: Any) -> list[Any]:
    return [part["annotations"] for item in output_of(stream) for part in item.get("content", [])]


def test_a_citation_is_announced_and_kept() -> None:
    stream, events = run([HELLO, CITED, TextDelta(" again"), STOP])
    citation = {
        "type": "url_citation",
        "url": "https://a.example/x",
        "title": "A",
        "start_index": 0,
        "end_index": 5,
    }
    told = next(event for event in events if event["type"] == "response.output_text.annotation.added")
    assert told["annotation"] == citation
    assert (told["content_index"], told["annotation_index"]) == (0, 0)
    assert types(events).index("output_text.annotation.added") < types(events).index("content_part.done")
    assert annotations(stream) == [[citation]]
    assert [item.wire for item in stream.items] == output_of(stream)


def test_citations_after_a_signature_still_find_their_message() -> None:
    assert len(annotations(run([HELLO, PartSigned("s"), CITED, STOP])[0])[0]) == 1


@pytest.mark.parametrize(
    ("before", "span"),
    [
        ([HELLO], (0, 5)),
        ([HELLO, SEARCH, FOUND, TextDelta("Bonjour")], (5, 12)),
        ([HELLO, AnswerStarted("m"), TextDelta("Hi")], (0, 2)),
        ([HELLO, AnswerContinued("m"), TextDelta("Hi")], (0, 2)),
        (
            [HELLO, SEARCH, TextDelta("Ha"), AnswerContinued("m"), TextDelta("Hi"), SEARCH, TextDelta("Ho")],
            (2, 4),
        ),
        ([TextDelta("\N{GRINNING FACE}\N{GRINNING FACE}")], (0, 2)),
    ],
)
def test_citations_count_from_where_the_message_begins(
    before: list[GenerationEvent], span: tuple[int, int]
) -> None:
    """The whole last piece of text is cited, and nothing more fits."""
    last = [event.text for event in before if isinstance(event, TextDelta)][-1]
    start, end = span
    spans = [(start, end), (start, end + 1), (start - 1, end)]
    cited = Grounded(citations=tuple(Citation(*span, "https://a.example/") for span in spans))
    stream, _ = run([*before, cited, STOP])
    text, shown = output_of(stream)[-1]["content"][0]["text"], annotations(stream)[-1]
    assert [text[a["start_index"] : a["end_index"]] for a in shown] == [last]
    assert stream.ignored_parts == ["citation", "citation"]


def test_citations_without_an_open_message_are_named() -> None:
    stream, _ = run([HELLO, SEARCH, CITED, STOP])
    assert annotations(stream) == [[]]
    assert stream.ignored_parts == ["citation"]


# Programs

RUNS = [
    "output_item.added",
    "code_interpreter_call.in_progress",
    "code_interpreter_call_code.delta",
    "code_interpreter_call_code.done",
    "code_interpreter_call.interpreting",
]
LOGS = OutputOptions(include=frozenset({"code_interpreter_call.outputs"}))


@pytest.mark.parametrize(
    ("options", "outputs"),
    [
        (OutputOptions(), None),
        (LOGS, [{"type": "logs", "logs": "2"}]),
        (OutputOptions(stateless=True), [{"type": "logs", "logs": "2"}]),
    ],
)
def test_a_program(options: OutputOptions, outputs: Any) -> None:
    stream, events = run([CODE, RAN, STOP], options)
    assert steps(events) == [*RUNS, "code_interpreter_call.completed", "output_item.done"]
    assert output_of(stream) == [
        {
            "type": "code_interpreter_call",
            "id": "ci_0",
            "status": "completed",
            "container_id": "cntr_1",
            "code": "1 + 1",
            "outputs": outputs,
        }
    ]
    assert parts([CODE, RAN, STOP], OutputOptions()) == [({"code": 1}, {"ran": 1})]


def test_a_program_that_failed_shows_why() -> None:
    stream, events = run([CODE, CodeRan("oh", {}, succeeded=False), STOP], LOGS)
    assert steps(events) == [*RUNS, "output_item.done"]
    [item] = output_of(stream)
    assert (item["status"], item["outputs"]) == ("failed", [{"type": "logs", "logs": "oh"}])


def test_a_program_that_printed_nothing_has_no_output() -> None:
    [item] = output_of(run([CODE, CodeRan("", {}), STOP], LOGS)[0])
    assert (item["status"], item["outputs"]) == ("completed", [])


def test_a_program_is_seen_running() -> None:
    stream = started(LOGS)
    send_all(stream, [CODE])
    [item] = output_of(stream)
    assert (item["status"], item["outputs"]) == ("interpreting", None)


@pytest.mark.parametrize("following", [[STOP], [CODE, RAN, STOP], [HELLO, RAN, STOP], [CUT]])
def test_a_program_whose_end_is_not_seen_is_incomplete(following: list[GenerationEvent]) -> None:
    assert statuses([CODE, *following])[0] == "incomplete"


def test_a_late_result_is_kept_with_its_program() -> None:
    assert parts([CODE, HELLO, RAN, STOP], OutputOptions()) == [({"code": 1}, {"ran": 1}), ()]


# Pictures


@pytest.mark.parametrize(
    ("media_type", "output_format"), [("image/png", "png"), ("image/jpeg", "jpeg"), ("image/webp", "webp")]
)
def test_a_picture(media_type: str, output_format: str) -> None:
    stream, events = run([ImageMade(media_type, "aW1n", "sig"), STOP])
    assert steps(events) == [
        "output_item.added",
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        "image_generation_call.completed",
        "output_item.done",
    ]
    added: Any = next(event for event in events if event["type"] == "response.output_item.added")
    assert added["item"]["result"] is None
    assert output_of(stream) == [
        {
            "type": "image_generation_call",
            "id": "ig_0",
            "status": "completed",
            "result": "aW1n",
            "output_format": output_format,
        }
    ]
    assert [item.upstream.signature for item in stream.items if item.upstream] == ["sig"]


# Log probabilities


def test_log_probabilities_are_in_every_place_of_the_text() -> None:
    sure = TokenLogprob("é", -0.5, (("é", -0.5), ("e", -1.5)))
    shown = {
        "token": "é",
        "logprob": -0.5,
        "bytes": [195, 169],
        "top_logprobs": [
            {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
            {"token": "e", "logprob": -1.5, "bytes": [101]},
        ],
    }
    stream, events = run([TextDelta("é", (sure,)), HELLO, TextDelta("é", (sure,)), STOP])
    deltas = [event["logprobs"] for event in events if event["type"] == "response.output_text.delta"]
    assert deltas == [[shown], [], [shown]]
    done = next(event for event in events if event["type"] == "response.output_text.done")
    assert done["logprobs"] == [shown, shown]
    assert output_of(stream)[0]["content"][0]["logprobs"] == [shown, shown]

"""Further calls of one response: when they are made, with which overlay, and what the response sees."""

from collections.abc import Sequence

import pytest

from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    CodeWritten,
    ContextCompacted,
    Finished,
    GenerationEvent,
    Remedy,
    TextDelta,
    ThoughtDelta,
    UpstreamFailed,
    UsageReported,
)
from responses_api.exchanges.connect_protocol import LanguageServerFault
from responses_api.exchanges.exchange import OverlayContent
from responses_api.generation import upstream_calls
from responses_api.generation.outcomes import ONLY_THOUGHTS
from responses_api.generation.upstream_calls import MAX_CONTINUATIONS, Compact, UpstreamCalls

STARTED = AnswerStarted("m", "up")
DONE = Finished("completed", "STOP")
REFUSED = UpstreamFailed(
    400, "invalid_request_error", "c", "Invalid thought signature.", remedy="drop_signatures"
)
MALFORMED = Finished("failed", "MALFORMED_FUNCTION_CALL", remedy="repeat")


def goes_on(token: str) -> Finished:
    return Finished("max_output_tokens", "CONTINUATION", continuation=token)


class Exchange:
    """An exchange whose calls are answered from a script; a further call takes the next answer."""

    def __init__(self, *answers: Sequence[GenerationEvent]) -> None:
        self.answers = list(answers)
        self.expected: list[OverlayContent | None] = []
        self.follows = True
        self._arrived: Sequence[GenerationEvent] = self.answers.pop(0)

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        arrived, self._arrived = self._arrived, []
        return list(arrived)

    def expect_call(self, overlay: OverlayContent | None = None) -> None:
        self.expected.append(overlay)

    async def wait_for_claim(self, patience: float) -> bool:
        if self.follows:
            self._arrived = self.answers.pop(0)
        return self.follows


class Driver:
    """The calls under test, and what they asked for."""

    def __init__(self, exchange: Exchange, compact: Compact | None = None) -> None:
        self.exchange = exchange
        self.asked: list[tuple[str | None, Remedy | None]] = []
        self.markers = 0
        self.fault: Exception | None = None
        self.not_to_be_had: set[Remedy] = set()
        self.calls = UpstreamCalls(
            exchange,  # type: ignore[arg-type]
            say_marker=self._say_marker,
            overlay_for=self._overlay_for,
            gate_timeout=1,
            compact=compact,
        )

    async def _say_marker(self) -> None:
        self.markers += 1
        if self.fault is not None:
            raise self.fault

    async def _overlay_for(self, token: str | None, remedy: Remedy | None) -> OverlayContent | None:
        self.asked.append((token, remedy))
        if remedy in self.not_to_be_had:
            return None
        return OverlayContent("credential:1", "m", f"{token} {remedy}".encode())

    async def all_events(self) -> list[GenerationEvent]:
        events: list[GenerationEvent] = []
        while not (events and isinstance(events[-1], Finished | UpstreamFailed)):
            events += await self.calls.next_events(1)
        return events


async def test_one_call_is_passed_on_as_it_is() -> None:
    answer: list[GenerationEvent] = [
        STARTED,
        ThoughtDelta("hm"),
        TextDelta("hi"),
        UsageReported(1, 0, 1),
        DONE,
    ]
    driver = Driver(Exchange(answer))
    assert await driver.all_events() == answer
    assert driver.markers == 0


async def test_silence_is_passed_on() -> None:
    assert await Driver(Exchange([])).calls.next_events(0.01) == []


async def test_an_answer_goes_on_over_several_calls() -> None:
    driver = Driver(
        Exchange(
            [STARTED, TextDelta("a"), UsageReported(1, 0, 1), goes_on("t1")],
            [STARTED, TextDelta("b"), goes_on("t2")],
            [STARTED, TextDelta("c"), DONE],
        )
    )
    continued = AnswerContinued("m", "up")
    assert await driver.all_events() == [
        STARTED,
        TextDelta("a"),
        UsageReported(1, 0, 1),
        continued,
        TextDelta("b"),
        continued,
        TextDelta("c"),
        DONE,
    ]
    assert driver.asked == [("t1", None), ("t2", None)]
    assert [overlay and overlay.body for overlay in driver.exchange.expected] == [b"t1 None", b"t2 None"]
    assert driver.markers == 2


async def test_an_answer_does_not_go_on_for_ever() -> None:
    hop: list[GenerationEvent] = [STARTED, TextDelta("a"), goes_on("t")]
    driver = Driver(Exchange(*[hop] * (MAX_CONTINUATIONS + 1)))
    assert (await driver.all_events())[-1] == goes_on("t")
    assert driver.markers == MAX_CONTINUATIONS


@pytest.mark.parametrize("fault", [None, LanguageServerFault("gone"), TimeoutError()])
async def test_a_further_call_that_cannot_be_made_leaves_the_end_as_it_was(fault: Exception | None) -> None:
    exchange = Exchange([STARTED, TextDelta("a"), goes_on("t")])
    exchange.follows = False
    driver = Driver(exchange)
    driver.fault = fault
    assert await driver.all_events() == [STARTED, TextDelta("a"), goes_on("t")]


async def test_a_refused_signature_is_left_out_once() -> None:
    driver = Driver(Exchange([REFUSED], [STARTED, TextDelta("hi"), DONE]))
    assert await driver.all_events() == [STARTED, TextDelta("hi"), DONE]
    assert driver.asked == [(None, "drop_signatures")]
    assert driver.calls.remedies == ["the upstream refused a thought signature: it was asked again without"]

    driver = Driver(Exchange([REFUSED], [REFUSED]))
    assert await driver.all_events() == [REFUSED]
    assert driver.markers == 1


async def test_an_unusable_answer_is_asked_for_once_more() -> None:
    driver = Driver(Exchange([STARTED, UsageReported(5), MALFORMED], [STARTED, TextDelta("hi"), DONE]))
    assert await driver.all_events() == [STARTED, UsageReported(5), STARTED, TextDelta("hi"), DONE]
    assert driver.asked == [(None, "repeat")]

    driver = Driver(Exchange([MALFORMED], [MALFORMED]))
    assert await driver.all_events() == [MALFORMED]


@pytest.mark.parametrize("told", [TextDelta("a"), ThoughtDelta("hm"), CodeWritten("1", {})])
async def test_nothing_is_asked_again_once_the_client_has_been_told_something(told: GenerationEvent) -> None:
    driver = Driver(Exchange([STARTED, told, MALFORMED]))
    assert await driver.all_events() == [STARTED, told, MALFORMED]
    assert driver.markers == 0


STALE = UpstreamFailed(401, "authentication_error", "invalid_api_key", "expired", remedy="refresh_credential")


async def test_a_refused_token_is_replaced_once() -> None:
    driver = Driver(Exchange([STALE], [STARTED, TextDelta("hi"), DONE]))
    assert await driver.all_events() == [STARTED, TextDelta("hi"), DONE]
    assert driver.asked == [(None, "refresh_credential")]
    assert driver.calls.remedies == [
        "the upstream refused the access token: it was asked again with a new one"
    ]

    driver = Driver(Exchange([STALE], [STALE]))
    assert await driver.all_events() == [STALE]
    assert driver.markers == 1


async def test_a_refused_key_has_no_newer_one() -> None:
    driver = Driver(Exchange([STALE]))
    driver.not_to_be_had = {"refresh_credential"}
    assert await driver.all_events() == [STALE]
    assert driver.markers == 0
    assert driver.calls.remedies == []


async def test_thoughts_alone_wait_for_the_follow_up_of_the_language_server() -> None:
    driver = Driver(Exchange([STARTED, ThoughtDelta("hm"), DONE], [STARTED, TextDelta("hi"), DONE]))
    assert await driver.all_events() == [STARTED, ThoughtDelta("hm"), STARTED, TextDelta("hi"), DONE]
    assert driver.exchange.expected == [None]
    assert driver.markers == 0


async def test_thoughts_alone_without_a_follow_up_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_calls, "FOLLOW_UP_TIMEOUT", 0.01)
    exchange = Exchange([STARTED, ThoughtDelta("hm"), DONE])
    exchange.follows = False
    assert await Driver(exchange).all_events() == [STARTED, ThoughtDelta("hm"), ONLY_THOUGHTS]


async def test_code_without_words_is_an_answer() -> None:
    answer: list[GenerationEvent] = [STARTED, CodeWritten("1", {}), DONE]
    assert await Driver(Exchange(answer)).all_events() == answer


COMPACTED = ContextCompacted("sealed", 9)
ANSWER_OVERLAY = OverlayContent("credential:1", "m", b"the answer")


def compacting(answered: bool) -> tuple[list[str], Compact]:
    """A taker of summaries, and those that it was given."""
    summaries: list[str] = []

    async def compact(summary: str) -> tuple[ContextCompacted, OverlayContent | None]:
        summaries.append(summary)
        return COMPACTED, ANSWER_OVERLAY if answered else None

    return summaries, compact


async def test_the_first_answer_is_the_summary_and_the_next_is_told() -> None:
    summaries, compact = compacting(answered=True)
    usage = UsageReported(5, 0, 5)
    exchange = Exchange(
        [
            STARTED,
            ThoughtDelta("hm"),
            TextDelta(" a sum"),
            CodeWritten("1", {}),
            TextDelta("mary "),
            usage,
            DONE,
        ],
        [STARTED, TextDelta("hi"), usage, DONE],
    )
    driver = Driver(exchange, compact)
    assert await driver.all_events() == [STARTED, usage, COMPACTED, STARTED, TextDelta("hi"), usage, DONE]
    assert summaries == ["a summary"]
    assert exchange.expected == [ANSWER_OVERLAY]


async def test_a_summary_may_be_all_that_is_wanted() -> None:
    summaries, compact = compacting(answered=False)
    driver = Driver(Exchange([STARTED, TextDelta("a summary"), DONE]), compact)
    assert await driver.all_events() == [STARTED, COMPACTED, Finished("completed", "STOP")]
    assert driver.markers == 0
    assert summaries == ["a summary"]


async def test_a_summary_is_helped_like_an_answer() -> None:
    """It goes on over several calls, and one that broke off is asked for once more, from its beginning."""
    summaries, compact = compacting(answered=False)
    exchange = Exchange(
        [STARTED, TextDelta("broken "), MALFORMED],
        [STARTED, TextDelta("a sum"), goes_on("t")],
        [STARTED, TextDelta("mary"), DONE],
    )
    driver = Driver(exchange, compact)
    events = await driver.all_events()
    assert events[-2:] == [COMPACTED, Finished("completed", "STOP")]
    assert summaries == ["a summary"]
    assert driver.asked == [(None, "repeat"), ("t", None)]


async def test_after_the_summary_the_answer_has_its_own_second_chance() -> None:
    _, compact = compacting(answered=True)
    exchange = Exchange(
        [STARTED, TextDelta("broken"), MALFORMED],
        [STARTED, TextDelta("a summary"), DONE],
        [STARTED, MALFORMED],
        [STARTED, TextDelta("hi"), DONE],
    )
    events = await Driver(exchange, compact).all_events()
    assert events[-2:] == [TextDelta("hi"), DONE]


@pytest.mark.parametrize(
    "end", [UpstreamFailed(429, "rate_limit_error", "c", "Slow down."), Finished("content_filter", "SAFETY")]
)
async def test_without_a_summary_the_response_ends_as_the_call_did(end: GenerationEvent) -> None:
    summaries, compact = compacting(answered=True)
    driver = Driver(Exchange([STARTED, TextDelta("half a"), end]), compact)
    assert await driver.all_events() == [STARTED, end]
    assert summaries == []


async def test_a_summary_of_nothing_is_a_failure() -> None:
    _, compact = compacting(answered=True)
    (*_, end) = await Driver(Exchange([STARTED, TextDelta(" "), DONE]), compact).all_events()
    assert isinstance(end, Finished)
    assert end.outcome == "failed"


async def test_an_answer_that_is_not_claimed_after_the_summary_is_a_failure() -> None:
    _, compact = compacting(answered=True)
    exchange = Exchange([STARTED, TextDelta("a summary"), DONE])
    exchange.follows = False
    (*_, told, end) = await Driver(exchange, compact).all_events()
    assert told == COMPACTED
    assert isinstance(end, UpstreamFailed)
    assert (end.http_status, end.code) == (502, "mitm_timeout")


async def test_what_is_read_past_a_summary_is_hidden() -> None:
    _, compact = compacting(answered=True)
    driver = Driver(Exchange([STARTED, TextDelta("a sum")]), compact)
    await driver.calls.next_events(0.01)
    assert driver.calls.hides(TextDelta("mary"))
    assert not driver.calls.hides(UsageReported(5))
    assert not Driver(Exchange([])).calls.hides(TextDelta("hi"))

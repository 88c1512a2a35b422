from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    UpstreamFailed,
    UsageReported,
)
from responses_api.exchanges.cascade_reading import CascadeReader
from responses_api.exchanges.cascade_steps import Run, Step, Steps

STARTED = AnswerStarted("gemini-x")
COMPLETED = Finished("completed", raw_reason="STOP_REASON_STOP_PATTERN")
IDLE, RUNNING = "CASCADE_RUN_STATUS_IDLE", "CASCADE_RUN_STATUS_RUNNING"


def steps(*wire: dict[str, Any]) -> list[Step]:
    return msgspec.json.decode(msgspec.json.encode({"steps": wire}), type=Steps, strict=False).steps or []


def step(kind: str, status: str = "DONE", **members: Any) -> dict[str, Any]:
    return {"type": f"CORTEX_STEP_TYPE_{kind}", "status": f"CORTEX_STEP_STATUS_{status}", **members}


def planner(
    status: str = "GENERATING", usage: tuple[int, int, int] | None = None, **said: Any
) -> dict[str, Any]:
    names = ("inputTokens", "outputTokens", "thinkingOutputTokens")
    counts = {"modelUsage": dict(zip(names, map(str, usage), strict=True))} if usage else {}
    if status == "DONE":
        said.setdefault("stopReason", "STOP_REASON_STOP_PATTERN")
    return step(
        "PLANNER_RESPONSE", status, plannerResponse=said, metadata={"generatorModel": "gemini-x", **counts}
    )


USER = step("USER_INPUT", userInput={"userResponse": "hello"})


def run(status: str = IDLE, termination: str | None = None) -> Run:
    runs = [] if termination is None else [{"executionId": "e", "terminationReason": termination}]
    wire = {"status": status, "trajectory": {"executorMetadatas": runs}, "numTotalSteps": 3}
    return msgspec.json.decode(msgspec.json.encode(wire), type=Run)


class Follower:
    """Shows a reader the whole cascade each time, as the server does: from the reader's offset on."""

    def __init__(self, *, thoughts: bool = True) -> None:
        self.reader = CascadeReader(thoughts=thoughts)
        self.events: list[GenerationEvent] = []

    def look(self, *wire: dict[str, Any], run: Run | None = None) -> list[GenerationEvent]:
        new = self.reader.read(steps(*wire)[self.reader.offset :], run)
        self.events += new
        return new


def test_growing_texts_become_deltas_thoughts_first() -> None:
    follower = Follower()

    assert follower.look() == []
    assert follower.look(USER) == []
    assert follower.look(USER, planner()) == [STARTED]
    assert follower.look(USER, planner(thinking="Hm")) == [ThoughtDelta("Hm")]
    assert follower.look(USER, planner(thinking="Hm")) == []
    both = planner(thinking="Hm, yes", response="It ")
    assert follower.look(USER, both) == [ThoughtDelta(", yes"), TextDelta("It ")]
    done = planner("DONE", (7, 5, 3), thinking="Hm, yes", response="It is.")
    assert follower.look(USER, done) == [TextDelta("is."), UsageReported(7, 0, 5, 3), COMPLETED]
    assert follower.reader.ended
    assert follower.reader.turns == 1


def test_thoughts_that_nobody_asked_for_are_not_told() -> None:
    follower = Follower(thoughts=False)
    follower.look(USER, planner("DONE", thinking="secret", thinkingSignature="sig", response="x"))
    assert follower.events == [STARTED, TextDelta("x"), PartSigned("sig", "text"), COMPLETED]


def test_a_signature_belongs_to_the_thoughts_if_it_comes_with_them_and_else_to_the_end() -> None:
    early, late = Follower(), Follower()
    early.look(USER, planner(thinking="Hm", thinkingSignature="s1"))
    early.look(USER, planner(thinking="Hm", thinkingSignature="s1", response="x"))
    early.look(USER, planner("DONE", thinking="Hm", thinkingSignature="s2", response="x"))
    assert early.events == [
        STARTED,
        ThoughtDelta("Hm"),
        PartSigned("s1"),
        TextDelta("x"),
        PartSigned("s2", "text"),
        COMPLETED,
    ]
    late.look(USER, planner(thinking="Hm", response="x"))
    late.look(USER, planner("DONE", thinking="Hm", thinkingSignature="s1", response="x"))
    assert late.events == [STARTED, ThoughtDelta("Hm"), TextDelta("x"), PartSigned("s1", "text"), COMPLETED]


def test_a_mere_thought_waits_for_the_next_step_and_every_call_counts() -> None:
    follower = Follower()
    thought = planner("DONE", (7, 3, 3), thinking="Hm", thinkingSignature="s")
    assert follower.look(USER, thought) == [
        STARTED,
        ThoughtDelta("Hm"),
        PartSigned("s"),
        UsageReported(7, 0, 3, 3),
    ]
    answer = planner("DONE", (9, 2, 0), response="Yes.")
    assert follower.look(USER, thought, answer) == [
        STARTED,
        TextDelta("Yes."),
        UsageReported(9, 0, 2, 0),
        COMPLETED,
    ]
    assert follower.reader.turns == 2


def test_the_agents_own_tools_are_passed_over() -> None:
    follower = Follower()
    call = planner("DONE", response="Let me look.", toolCalls=[{"name": "view_file"}])
    viewing = step("VIEW_FILE", "RUNNING")
    assert follower.look(USER, call, viewing) == [STARTED, TextDelta("Let me look.")]
    assert follower.look(USER, call, step("VIEW_FILE")) == [PartIgnored("CORTEX_STEP_TYPE_VIEW_FILE")]
    done = planner("DONE", response="It is empty.")
    assert follower.look(USER, call, step("VIEW_FILE"), done)[-1] == COMPLETED


def test_a_step_that_runs_on_in_the_background_does_not_hold_the_answer_up() -> None:
    follower = Follower()
    follower.look(USER, step("RUN_COMMAND", "RUNNING"), planner("DONE", response="Started."))
    assert follower.events == [STARTED, TextDelta("Started."), COMPLETED]


def test_rest_ends_an_answer_whose_step_never_becomes_final_but_not_before_its_last_words() -> None:
    follower = Follower()
    open_step = planner(usage=(1, 2, 0), response="All there is.")
    assert follower.look(USER, open_step, run=run()) == [STARTED, TextDelta("All there is.")]
    assert follower.look(USER, open_step, run=run()) == [
        UsageReported(1, 0, 2, 0),
        Finished("completed", raw_reason=IDLE),
    ]


def test_rest_before_the_run_is_no_end() -> None:
    follower = Follower()
    assert follower.look(run=run()) == []
    assert follower.look(USER, run=run()) == []
    assert follower.look(USER, run=run(RUNNING)) == []
    assert not follower.reader.ended


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("", "completed"),
        ("STOP_REASON_STOP_PATTERN", "completed"),
        ("STOP_REASON_MAX_TOKENS", "max_output_tokens"),
        ("STOP_REASON_CONTENT_FILTER", "content_filter"),
        ("STOP_REASON_NEW_AND_UNKNOWN", "failed"),
    ],
)
def test_stop_reasons(reason: str, outcome: str) -> None:
    end = Follower().look(USER, planner("DONE", response="x", stopReason=reason))[-1]
    assert isinstance(end, Finished)
    assert end.outcome == outcome
    assert (end.message is not None and reason in end.message) == (outcome == "failed")


@pytest.mark.parametrize("reason", ["STOP_REASON_MAX_TOKENS", "STOP_REASON_CONTENT_FILTER"])
def test_a_limit_ends_also_an_answer_without_text(reason: str) -> None:
    assert isinstance(Follower().look(USER, planner("DONE", stopReason=reason))[-1], Finished)


@pytest.mark.parametrize(
    ("final", "part_of_message"),
    [
        (planner("DONE", response="x", stopReason="STOP_REASON_CLIENT_STREAM_ERROR"), "broke the answer off"),
        (planner("CANCELED", response="x"), "CORTEX_STEP_STATUS_CANCELED"),
        (planner("INVALID"), "CORTEX_STEP_STATUS_INVALID"),
        (step("RUN_COMMAND", "WAITING"), "approval"),
        (step("ERROR_MESSAGE"), "The language server failed."),
        (
            step("ERROR_MESSAGE", errorMessage={"error": {"userErrorMessage": "Out of cheese."}}),
            "Out of cheese.",
        ),
        (step("ERROR_MESSAGE", errorMessage={"error": {"shortError": "no cheese"}}), "no cheese"),
    ],
)
def test_ends_that_are_failures(final: dict[str, Any], part_of_message: str) -> None:
    end = Follower().look(USER, final)[-1]
    assert isinstance(end, UpstreamFailed)
    assert (end.http_status, end.code) == (502, "server_error")
    assert part_of_message in end.message


@pytest.mark.parametrize(
    ("short", "http_status", "code"),
    [
        ("HTTP 429 RESOURCE_EXHAUSTED", 429, "rate_limit_exceeded"),
        ("HTTP 503 UNAVAILABLE", 503, "server_is_overloaded"),
        ("HTTP 400 INVALID_ARGUMENT", 400, "invalid_value"),
        ("HTTP 401", 401, "invalid_api_key"),
        ("HTTP 500", 500, "server_error"),
    ],
)
def test_a_refusal_of_the_models_endpoint_is_passed_on_as_what_it_is(
    short: str, http_status: int, code: str
) -> None:
    error = {"userErrorMessage": "Key AIzaSyD-0123456789 had enough.", "shortError": short}
    failed = planner("ERROR", thinking="Hm")
    end = Follower().look(USER, failed, step("ERROR_MESSAGE", errorMessage={"error": error}))[-1]
    assert isinstance(end, UpstreamFailed)
    assert (end.http_status, end.code) == (http_status, code)
    assert "AIza" not in end.message


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (run("CASCADE_RUN_STATUS_ERROR"), "CASCADE_RUN_STATUS_ERROR"),
        (run("CASCADE_RUN_STATUS_UNLOADED"), "CASCADE_RUN_STATUS_UNLOADED"),
        (run(IDLE, "EXECUTOR_TERMINATION_REASON_USER_CANCELED"), "EXECUTOR_TERMINATION_REASON_USER_CANCELED"),
    ],
)
def test_runs_that_ended_badly(state: Run, status: str) -> None:
    follower = Follower()
    follower.look(USER, planner("ERROR", response="half"))
    end = follower.look(USER, planner("ERROR", response="half"), run=state)[-1]
    assert isinstance(end, UpstreamFailed)
    assert end.upstream_status == status


def test_a_run_that_only_thought_failed() -> None:
    follower = Follower()
    thought = planner("DONE", thinking="Hm")
    follower.look(USER, thought)
    state = run(IDLE, "EXECUTOR_TERMINATION_REASON_MAX_INVOCATIONS")
    (end,) = follower.look(USER, thought, run=state)
    assert isinstance(end, Finished)
    assert (end.outcome, end.message) == ("failed", "The model wrote no answer. Please try again.")


# A text that changes other than by growing


def test_a_text_that_was_rewritten_fails_the_answer_and_garbles_nothing() -> None:
    follower = Follower()
    follower.look(USER, planner(response="The answer is 41"))
    assert follower.look(USER, planner(response="The answer was 42, of course")) == []
    end = follower.look(USER, planner("DONE", response="The answer was 42, of course"))[-1]
    assert isinstance(end, UpstreamFailed)
    assert end.upstream_status == "TEXT_REWRITTEN"
    assert TextDelta("The answer is 41") in follower.events


def test_a_rewritten_text_at_rest_fails_too() -> None:
    follower = Follower()
    follower.look(USER, planner(response="one"))
    (end,) = follower.look(USER, planner(response="two"), run=run())
    assert isinstance(end, UpstreamFailed)


def test_a_text_that_comes_back_to_what_it_was_goes_on() -> None:
    follower = Follower()
    follower.look(USER, planner(response="The ans"))
    follower.look(USER, planner(response="Xhe answer"))
    assert follower.look(USER, planner(response="The answer")) == [TextDelta("wer")]


def test_a_text_that_got_shorter_is_told_already() -> None:
    follower = Follower()
    follower.look(USER, planner(response="Yes. \n"))
    assert follower.look(USER, planner("DONE", response="Yes.")) == [COMPLETED]


def test_the_changed_form_of_a_text_is_preferred_as_long_as_it_goes_on_from_what_was_told() -> None:
    whole, late = Follower(), Follower()
    whole.look(USER, planner("DONE", response="see [1]", modifiedResponse="see the page"))
    assert TextDelta("see the page") in whole.events
    late.look(USER, planner(response="see [1"))
    late.look(USER, planner("DONE", response="see [1].", modifiedResponse="see the page"))
    assert late.events == [STARTED, TextDelta("see [1"), TextDelta("]."), COMPLETED]


def test_of_rewritten_thoughts_the_rest_is_left_out() -> None:
    follower = Follower()
    follower.look(USER, planner(thinking="First"))
    follower.look(USER, planner("DONE", thinking="Second thoughts", response="x"))
    assert follower.events == [STARTED, ThoughtDelta("First"), TextDelta("x"), COMPLETED]


# Stopping


def test_a_run_that_was_stopped_gives_its_last_words_and_its_count_but_no_end() -> None:
    follower = Follower()
    follower.look(USER, planner(response="half"))
    broken = planner("DONE", (4, 2, 0), response="half a", stopReason="STOP_REASON_CLIENT_STREAM_ERROR")
    assert follower.reader.break_off(steps(broken)) == [TextDelta(" a"), UsageReported(4, 0, 2, 0)]
    assert follower.reader.ended


def test_a_run_that_is_stopped_before_its_step_is_closed_is_counted_too() -> None:
    follower = Follower()
    follower.look(USER, planner(response="half"))
    assert follower.reader.break_off(steps(planner(usage=(4, 2, 0), response="half"))) == [
        UsageReported(4, 0, 2, 0)
    ]
    assert CascadeReader(thoughts=True).break_off([]) == []


@pytest.mark.parametrize(
    "wire",
    [
        {},
        {"type": "CORTEX_STEP_TYPE_PLANNER_RESPONSE", "plannerResponse": None, "metadata": None},
        {"type": "CORTEX_STEP_TYPE_PLANNER_RESPONSE", "status": "CORTEX_STEP_STATUS_DONE", "news": [1]},
        {"type": "SOMETHING_NEW", "status": "CORTEX_STEP_STATUS_DONE"},
        {"type": "CORTEX_STEP_TYPE_ERROR_MESSAGE", "errorMessage": {"error": None}},
    ],
)
def test_steps_of_other_releases_are_read_as_far_as_they_go(wire: dict[str, Any]) -> None:
    Follower().look(wire)


@given(
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=8),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_however_it_is_looked_at_the_texts_arrive_whole_and_once(
    pieces: list[tuple[str, str]], looked: list[bool]
) -> None:
    follower = Follower()
    thinking = response = ""
    for (thought, text), looks in zip(pieces, looked, strict=False):
        thinking, response = thinking + thought, response + text
        if looks:
            follower.look(USER, planner(thinking=thinking, response=response))
    follower.look(USER, planner("DONE", (1, 1, 0), thinking=thinking, response=response))
    told = follower.events
    assert "".join(event.text for event in told if isinstance(event, ThoughtDelta)) == thinking
    assert "".join(event.text for event in told if isinstance(event, TextDelta)) == response
    ends = [event for event in told if isinstance(event, Finished | UpstreamFailed)]
    assert ends == ([COMPLETED] if response else [])

"""How a conversation is made to fit: when it is counted, when it is cut, when a summary is planned."""

from dataclasses import replace
from typing import Any

import pytest

from responses_api.access.callers import Caller
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import UpstreamFault
from responses_api.gemini.built_in_models import PROFILES
from responses_api.gemini.models import Generation, ModelProfile
from responses_api.gemini.overlay import Overlay
from responses_api.gemini.token_estimate import estimate_tokens
from responses_api.generation import compaction
from responses_api.generation.compaction import fitted, input_room, summarising
from responses_api.generation.conversation_loading import Conversation
from tests.responses_api.gemini.conversations import call, message, output, user

CALLER = Caller(1, 1, "credential:1")
FLASH = next(profile for profile in PROFILES if profile.name == "gemini-3.8-flash")
SMALL = replace(FLASH, context_limit=1_000)
TRIGGER = {"type": "compaction_trigger"}
TALK = [
    message("developer", "Be nice."),
    user("a" * 1_600),
    message("assistant", "b" * 1_600, by="r1"),
    user("c" * 800),
    message("assistant", "d" * 400, by="r2"),
    user("and now?"),
]
"""Some 1,100 tokens."""


class Counter:
    """Stands for the upstream: counts by the estimate, times a factor."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.asked: list[Overlay] = []

    async def __call__(self, overlay: Overlay, credential_ref: str) -> int:
        assert credential_ref == CALLER.credential_ref
        self.asked.append(overlay)
        if not self.factor:
            raise UpstreamFault("no")
        return int(estimate_tokens(overlay.body) * self.factor)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    monkeypatch.setattr(compaction, "count_tokens", counter)
    return counter


def asked(**body: Any) -> CreateRequest:
    return parse_create_request({"input": "x", **body})


def talk(items: list[ConversationItem] | None = None) -> Conversation:
    items = TALK if items is None else items
    return Conversation((), tuple(items), {}, tuple(items))


def compacts(threshold: int | None = None) -> dict[str, Any]:
    return {"context_management": [{"type": "compaction", "compact_threshold": threshold}]}


async def test_nothing_is_done_unasked(counter: Counter) -> None:
    conversation = talk()
    assert await fitted(asked(), CALLER, SMALL, conversation) is conversation
    assert counter.asked == []


async def test_what_is_far_from_the_limit_is_not_counted(counter: Counter) -> None:
    conversation = talk()
    request = asked(truncation="auto", **compacts(10_000))
    assert await fitted(request, CALLER, FLASH, conversation) is conversation
    assert counter.asked == []


async def test_the_oldest_items_are_left_out_until_it_fits(counter: Counter) -> None:
    conversation = await fitted(asked(truncation="auto"), CALLER, SMALL, talk())
    assert list(conversation.shown) == [TALK[0], *TALK[2:]]
    assert conversation.said == tuple(TALK)
    assert conversation.adaptations == (
        "truncation=auto: 1 items at the beginning of the conversation are left out",
    )


@pytest.mark.parametrize("factor", [0.5, 2.0])
async def test_the_upstream_s_count_decides(counter: Counter, factor: float) -> None:
    counter.factor = factor
    conversation = await fitted(asked(truncation="auto"), CALLER, SMALL, talk())
    left = len(conversation.shown)
    assert left == 6 if factor < 1 else left < 5
    assert conversation.shown[-1] is TALK[-1]


async def test_without_a_count_the_estimate_decides(counter: Counter) -> None:
    counter.factor = 0
    conversation = await fitted(asked(truncation="auto"), CALLER, SMALL, talk())
    assert len(conversation.shown) == 5


async def test_what_cannot_be_shortened_is_sent_as_it_is(counter: Counter) -> None:
    conversation = talk([user("a" * 8_000)])
    assert await fitted(asked(truncation="auto"), CALLER, SMALL, conversation) is conversation


async def test_above_the_threshold_a_summary_is_planned_before_what_was_said_last(counter: Counter) -> None:
    conversation = await fitted(asked(**compacts(1_000)), CALLER, FLASH, talk())
    plan = conversation.compaction
    assert plan is not None
    assert plan.at == 5
    assert list(plan.items[:-1]) == TALK
    assert "COMPACTION" in str(plan.items[-1].wire)
    assert conversation.shown == tuple(TALK)
    assert conversation.adaptations == ("the conversation was summed up before the answer",)


async def test_in_the_middle_of_work_the_summary_is_put_last(counter: Counter) -> None:
    items = [*TALK, call("c", by="r3"), output("c", "e" * 400)]
    conversation = await fitted(asked(**compacts(1_000)), CALLER, FLASH, talk(items))
    assert conversation.compaction is not None
    assert conversation.compaction.at == len(items)


async def test_below_the_threshold_nothing_is_planned(counter: Counter) -> None:
    conversation = talk()
    assert await fitted(asked(**compacts(1_500)), CALLER, FLASH, conversation) is conversation
    assert len(counter.asked) == 1


async def test_the_lowest_of_several_thresholds_counts_and_the_default_is_near_the_limit(
    counter: Counter,
) -> None:
    rules = {
        "context_management": [*compacts(9_000)["context_management"], *compacts(1_000)["context_management"]]
    }
    assert (await fitted(asked(**rules), CALLER, FLASH, talk())).compaction is not None
    assert (await fitted(asked(**compacts()), CALLER, SMALL, talk())).compaction is not None
    assert (await fitted(asked(**compacts()), CALLER, FLASH, talk())).compaction is None


async def test_one_long_request_is_not_summed_up(counter: Counter) -> None:
    conversation = talk([message("developer", "Be nice."), user("a" * 8_000)])
    assert await fitted(asked(**compacts(1_000)), CALLER, FLASH, conversation) is conversation


async def test_the_trigger_plans_nothing_but_a_summary(counter: Counter) -> None:
    request = parse_create_request({"input": [{"role": "user", "content": "x"}, TRIGGER]})
    conversation = await fitted(request, CALLER, FLASH, talk())
    assert conversation.compaction is not None
    assert conversation.compaction.at is None
    assert conversation.adaptations == ()
    assert counter.asked == []


async def test_a_summary_of_too_much_is_one_of_the_latest(counter: Counter) -> None:
    request = parse_create_request({"input": [{"role": "user", "content": "x"}, TRIGGER]})
    conversation = await fitted(request, CALLER, SMALL, talk())
    assert conversation.compaction is not None
    assert list(conversation.compaction.items[:-1]) == [TALK[0], *TALK[2:]]
    assert conversation.adaptations == ("the summary does not know the 1 oldest items, which do not fit",)


@pytest.mark.parametrize(
    ("generation", "asked_for", "room"),
    [(Generation.G3, 100, 10_000), (Generation.G4, 100, 9_900), (Generation.G4, None, 5_000)],
)
def test_output_takes_room_only_where_it_shares_the_window(
    generation: Generation, asked_for: int | None, room: int
) -> None:
    profile: ModelProfile = replace(FLASH, generation=generation, context_limit=10_000, output_limit=65_536)
    assert input_room(asked(max_output_tokens=asked_for), profile) == room


def test_what_shapes_the_answer_does_not_shape_the_summary() -> None:
    request = asked(
        instructions="Be nice.",
        tools=[{"type": "function", "name": "f"}],
        tool_choice="required",
        max_output_tokens=5,
        stop="END",
        text={"format": {"type": "json_object"}, "verbosity": "low"},
    )
    summary = summarising(request)
    assert (summary.tool_choice, summary.max_output_tokens, summary.stop) == ("none", None, ())
    assert summary.text is not None
    assert (summary.text.format, summary.text.verbosity) == (None, "low")
    assert (summary.instructions, summary.tools) == (request.instructions, request.tools)

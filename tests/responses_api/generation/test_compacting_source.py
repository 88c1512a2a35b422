"""The overlays of a response that sums its conversation up."""

from typing import Any

import msgspec
import pytest

from responses_api.core.compaction import CompactionPlan, SealedSummary, summary_request
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.exchanges.exchange import OverlayContent
from responses_api.gemini.models import ModelProfile
from responses_api.generation.compacting_source import CompactingSource, overlay_source
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.overlay_source import OverlaySource
from responses_api.seals.compaction_seal import unseal
from tests.responses_api.gemini.conversations import FLASH, PRO_25, message, user

TALK = (user("one"), message("assistant", "1"), user("two"))
TOOLS = [{"type": "function", "name": "get_weather"}]


def source(at: int | None, model: ModelProfile = FLASH, **body: Any) -> CompactingSource:
    plan = CompactionPlan((*TALK, summary_request()), at)
    conversation = Conversation((), TALK, {}, TALK, plan, ("a note",))
    made = overlay_source(
        parse_create_request({"input": "x", "tools": TOOLS, **body}), conversation, model, "credential:1"
    )
    assert isinstance(made, CompactingSource)
    return made


def sent(content: OverlayContent | None) -> dict[str, Any]:
    assert content is not None
    body: dict[str, Any] = msgspec.json.decode(content.body)
    return body


def texts(body: dict[str, Any]) -> list[str]:
    return [part["text"] for content in body["contents"] for part in content["parts"]]


def test_without_a_plan_there_is_nothing_to_sum_up() -> None:
    made = overlay_source(
        parse_create_request({"input": "x"}), Conversation((), TALK, {}, TALK), FLASH, "c:1"
    )
    assert isinstance(made, OverlaySource)
    assert made.compact is None


async def test_first_the_summary_is_asked_for_without_tools_to_call() -> None:
    body = sent(await source(2).first())
    assert texts(body)[:3] == ["one", "1", "two"]
    assert "COMPACTION" in texts(body)[3]
    assert body["toolConfig"]["functionCallingConfig"] == {"mode": "NONE"}


async def test_then_the_answer_goes_on_from_it() -> None:
    compacting = source(2)
    told, content = await compacting.compact("They counted.")
    first, last = texts(sent(content))
    assert first.endswith("They counted.")
    assert last == "two"
    assert unseal(told.encrypted_content) == SealedSummary("They counted.")
    assert told.length == len("They counted.")
    again = sent(await compacting.further(None, "drop_signatures"))
    assert texts(again) == [first, last]


async def test_before_that_further_calls_are_for_the_summary() -> None:
    compacting = source(2)
    body = sent(await compacting.further("token", None))
    assert body["continuationToken"] == "token"
    assert "COMPACTION" in texts(body)[3]
    assert compacting.latest_bytes > 100


async def test_a_summary_without_an_answer_keeps_the_messages_beside_it() -> None:
    told, content = await source(None).compact("They counted.")
    assert content is None
    assert unseal(told.encrypted_content) == SealedSummary("They counted.", keeps_messages=True)


def test_tools_and_adaptations_are_the_answer_s() -> None:
    overlay = source(2).overlay
    assert set(overlay.client_tools) == {"get_weather"}
    assert overlay.adaptations[0] == "a note"


def test_what_cannot_be_answered_is_refused_before_it_is_summed_up() -> None:
    with pytest.raises(InvalidRequest, match="JSON"):
        source(2, PRO_25, text={"format": {"type": "json_object"}})
    assert source(None, PRO_25, text={"format": {"type": "json_object"}})

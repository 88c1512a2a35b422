from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.gemini.hosted_parts import PICTURE_LEFT_OUT, kept_parts, picture_parts, program_parts
from responses_api.gemini.model_profile import ModelProfile
from responses_api.gemini.models import ModelCatalogue
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from tests.responses_api.gemini.conversations import FLASH, GEMMA, PNG, PRO_25, hosted, translation

SEARCH = {"type": "web_search_call", "status": "completed"}
CODE = {"type": "code_interpreter_call", "status": "completed", "code": "print(1)"}
CALLED = {
    "toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["q"]}},
    "thoughtSignature": "s1",
}
ANSWERED = {
    "toolResponse": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "response": {}},
    "thoughtSignature": "s2",
}
WRITTEN = {"executableCode": {"language": "PYTHON", "code": "print(2)"}, "thoughtSignature": "s3"}
RAN = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2\n"}}
CHART = {"inlineData": {"mimeType": "image/png", "data": PNG}}


def bare(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "thoughtSignature"}


def test_kept_parts_go_back_as_they_came() -> None:
    item = hosted(SEARCH, CALLED, ANSWERED)
    assert kept_parts(item, translation(hosted_beside_functions=True)) == [CALLED, ANSWERED]


def test_steps_of_hosted_tools_go_back_only_beside_such_tools() -> None:
    how = translation()
    assert kept_parts(hosted(SEARCH, CALLED, ANSWERED, WRITTEN), how) == [WRITTEN]
    assert how.notes.as_tuple() == (
        "steps of hosted tools are left out: they are read only beside such tools",
    )


@pytest.mark.parametrize(
    ("model", "signatures"), [("gemini-3.1-pro-preview", True), ("gemini-3.8-flash", False)]
)
def test_signatures_that_are_not_wanted_are_taken_off_and_replaced_where_one_is_needed(
    model: str, signatures: bool
) -> None:
    item = hosted(SEARCH, CALLED, ANSWERED, WRITTEN, RAN, model=model)
    assert kept_parts(item, translation(signatures=signatures, hosted_beside_functions=True)) == [
        {**CALLED, "thoughtSignature": SIGNATURE_STAND_IN},
        bare(ANSWERED),
        bare(WRITTEN),
        RAN,
    ]


def test_signatures_are_taken_off_for_good_where_none_is_checked() -> None:
    how = translation(signatures=False, stand_ins=False, hosted_beside_functions=True)
    assert kept_parts(hosted(SEARCH, CALLED, ANSWERED), how) == [bare(CALLED), bare(ANSWERED)]


def test_a_step_that_was_not_signed_gets_no_stand_in() -> None:
    item = hosted(SEARCH, bare(CALLED), model="gemini-3.1-pro-preview")
    assert kept_parts(item, translation(hosted_beside_functions=True)) == [bare(CALLED)]


def test_nothing_is_kept_of_a_foreign_item_and_the_parts_are_left_alone() -> None:
    assert kept_parts(ConversationItem(SEARCH), translation()) == []
    item = hosted(CODE, WRITTEN, RAN, model="foreign")
    before = repr(item)
    kept_parts(item, translation())
    assert repr(item) == before


def test_the_kept_parts_of_a_program_win_over_what_the_item_says() -> None:
    assert program_parts(hosted(CODE, WRITTEN, RAN, CHART), translation()) == [WRITTEN, RAN, CHART]


LOGS = [{"type": "logs", "logs": "1\n"}, {"type": "image", "url": "https://x"}, {"type": "logs", "logs": "2"}]


@pytest.mark.parametrize(
    ("members", "result"),
    [
        ({"outputs": LOGS}, {"outcome": "OUTCOME_OK", "output": "1\n2"}),
        ({"outputs": LOGS, "status": "failed"}, {"outcome": "OUTCOME_FAILED", "output": "1\n2"}),
        ({"outputs": [{"type": "logs"}, {"logs": 5}]}, {"outcome": "OUTCOME_OK", "output": ""}),
        ({"outputs": None}, {"outcome": "OUTCOME_OK", "output": ""}),
        ({}, {"outcome": "OUTCOME_OK", "output": ""}),
    ],
)
@pytest.mark.parametrize("model", [FLASH, PRO_25])
def test_a_program_is_put_together_from_its_item(
    members: dict[str, Any], result: dict[str, Any], model: ModelProfile
) -> None:
    item = ConversationItem({**CODE, **members})
    assert program_parts(item, translation(model)) == [
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": result},
    ]


@pytest.mark.parametrize(
    ("outputs", "notes"),
    [
        (LOGS, ("pictures that a program drew are left out: only what it printed goes back",)),
        (LOGS[:1], ()),
        (None, ()),
    ],
)
def test_pictures_of_a_foreign_program_are_missed(outputs: Any, notes: tuple[str, ...]) -> None:
    how = translation()
    program_parts(ConversationItem({**CODE, "outputs": outputs}), how)
    assert how.notes.as_tuple() == notes


@pytest.mark.parametrize("code", [None, ""])
def test_a_program_without_code_says_nothing(code: str | None) -> None:
    assert program_parts(ConversationItem({**CODE, "code": code}), translation()) == []


def test_a_model_that_runs_no_programs_reads_them_as_text() -> None:
    how = translation(GEMMA)
    assert program_parts(hosted(CODE, WRITTEN, RAN, CHART), how) == [
        {"text": "```python\nprint(2)\n```"},
        {"text": "```\n2\n\n```"},
        CHART,
    ]
    assert how.notes.as_tuple() == ("programs that were run are told as text: gemma-4-31b-it runs none",)


JPEG = "/9j/4AAQ"
WEBP = "UklGRiQA"


@pytest.mark.parametrize(
    ("data", "format", "media_type"),
    [
        (PNG, None, "image/png"),
        (JPEG, "png", "image/jpeg"),
        (WEBP, None, "image/webp"),
        ("AAAA", "jpg", "image/jpeg"),
        ("AAAA", "WEBP", "image/webp"),
        ("AAAA", "bmp", "image/png"),
    ],
)
def test_the_type_of_a_picture(data: str, format: str | None, media_type: str) -> None:
    item = ConversationItem({"type": "image_generation_call", "result": data, "output_format": format})
    assert picture_parts(item, translation()) == [{"inlineData": {"mimeType": media_type, "data": data}}]


def test_a_picture_keeps_its_signature() -> None:
    facts = UpstreamFacts("s", None, "gemini-3-pro-image")
    item = ConversationItem({"type": "image_generation_call", "result": PNG}, "resp_1", facts)
    model = ModelCatalogue().resolve("gemini-3-pro-image")
    [part] = picture_parts(item, translation(model))
    assert part == {"inlineData": {"mimeType": "image/png", "data": PNG}, "thoughtSignature": "s"}
    [part] = picture_parts(item, translation(FLASH))
    assert "thoughtSignature" not in part


@pytest.mark.parametrize("wire", [{"result": None}, {}, {"result": ""}])
def test_a_picture_that_was_not_made(wire: dict[str, Any]) -> None:
    assert picture_parts(ConversationItem({"type": "image_generation_call", **wire}), translation()) == []


def test_a_model_that_reads_no_pictures_is_told_that_one_stood_there() -> None:
    blind = ModelProfile("gemini-3-blind", FLASH.generation, FLASH.thinking, FLASH.created)
    how = translation(blind)
    item = ConversationItem({"type": "image_generation_call", "result": PNG})
    assert picture_parts(item, how) == [{"text": PICTURE_LEFT_OUT}]
    assert how.notes.as_tuple() == ("pictures that the model made are left out: gemini-3-blind reads none",)

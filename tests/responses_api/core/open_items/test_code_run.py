"""A program's steps, output and ends."""

from typing import Any

import pytest

from responses_api.core.open_items import OpenCodeRun
from responses_api.core.output_items import ItemStatus

PLACE = {"item_id": "ci_1", "output_index": 1}


def test_a_program_goes_through_its_steps() -> None:
    item = OpenCodeRun("ci_1", 1, "cntr_1", "1 + 1", shows_output=True)
    (_, added), *steps = item.opening()
    assert added["item"]["code"] == ""
    assert steps == [
        ("response.code_interpreter_call.in_progress", PLACE),
        ("response.code_interpreter_call_code.delta", {**PLACE, "delta": "1 + 1"}),
        ("response.code_interpreter_call_code.done", {**PLACE, "code": "1 + 1"}),
        ("response.code_interpreter_call.interpreting", PLACE),
    ]
    assert item.closing("completed")[:-1] == [("response.code_interpreter_call.completed", PLACE)]
    assert len(item.closing("failed")) == 1


@pytest.mark.parametrize(
    ("shows_output", "output", "outputs"),
    [
        (True, "2", [{"type": "logs", "logs": "2"}]),
        (True, "", []),
        (True, None, None),
        (False, "2", None),
    ],
)
def test_output_is_shown_to_who_asks(shows_output: bool, output: str | None, outputs: Any) -> None:
    item = OpenCodeRun("ci_1", 1, "cntr_1", "1 + 1", shows_output, output)
    assert item.wire("completed")["outputs"] == outputs


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed"])
def test_only_a_program_that_ended_is_completed(status: ItemStatus) -> None:
    assert OpenCodeRun("ci_1", 1, "cntr_1", "1", True, "2").final(status) == status
    assert OpenCodeRun("ci_1", 1, "cntr_1", "1", True).final(status) == "incomplete"

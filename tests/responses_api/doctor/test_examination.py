import asyncio
import json

import pytest

from responses_api.doctor.examination import examine
from responses_api.doctor.findings import Finding, State, failed, ok, warning
from responses_api.doctor.report import as_json, as_lines, worst


async def holds() -> list[Finding]:
    return [ok("one", "fine"), warning("two", "old", "Mend it.")]


async def breaks() -> list[Finding]:
    raise ValueError("postgresql://user:secret@host")


async def hangs() -> list[Finding]:
    await asyncio.Event().wait()
    return []


async def test_findings_keep_the_order_of_the_checks_and_a_broken_check_ends_nothing() -> None:
    found = await examine({"hanging": hangs, "good": holds, "broken": breaks}, patience=0.2)
    assert [(each.joint, each.state) for each in found] == [
        ("hanging", State.FAILED),
        ("one", State.OK),
        ("two", State.WARNING),
        ("broken", State.FAILED),
    ]
    assert "0.2 s" in found[0].says
    assert "secret" not in as_lines(found) + as_json(found)


@pytest.mark.parametrize(
    ("findings", "state"),
    [
        ([ok("a", "")], State.OK),
        ([ok("a", ""), warning("b", "", "x")], State.WARNING),
        ([failed("c", "", "x"), warning("b", "", "x")], State.FAILED),
    ],
)
def test_the_worst_joint_counts(findings: list[Finding], state: State) -> None:
    assert worst(findings) is state
    assert json.loads(as_json(findings))["status"] == state


def test_the_report_says_what_to_do_below_each_bad_joint() -> None:
    lines = as_lines([ok("database", "answers"), failed("disk", "full", "Make room.")]).splitlines()
    assert lines == [
        "ok       database  answers",
        "failed   disk      full",
        "                   -> Make room.",
        "",
        "1 ok, 0 warning, 1 failed",
    ]

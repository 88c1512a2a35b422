"""The findings as one line per joint, and as JSON. Pure."""

import json
from collections.abc import Sequence

from responses_api.doctor.findings import Finding, State


def as_lines(findings: Sequence[Finding]) -> str:
    """One line per joint, with what to do below those that do not hold, and a summary."""
    width = max(len(finding.joint) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<8} {finding.joint:<{width}}  {finding.says}")
        if finding.advice:
            lines.append(f"{'':<8} {'':<{width}}  -> {finding.advice}")
    counts = {state: sum(finding.state is state for finding in findings) for state in State}
    lines += ["", ", ".join(f"{counts[state]} {state}" for state in State)]
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """``{"status": the worst state, "findings": [{"joint", "state", "says", "advice"}]}``."""
    wire = [
        {"joint": each.joint, "state": each.state, "says": each.says, "advice": each.advice}
        for each in findings
    ]
    return json.dumps({"status": worst(findings), "findings": wire}, indent=2)


def worst(findings: Sequence[Finding]) -> State:
    """The state of the joint that holds least."""
    found = {finding.state for finding in findings}
    return next((state for state in (State.FAILED, State.WARNING) if state in found), State.OK)

from typing import Any

import pytest

from responses_api.core.client_tools import OUTPUT_TYPES, output_content

PARTS = [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "data:"}]


def entry(stdout: str, stderr: str, **outcome: Any) -> dict[str, Any]:
    return {"stdout": stdout, "stderr": stderr, "outcome": outcome}


@pytest.mark.parametrize(
    ("item", "content"),
    [
        ({"type": "function_call_output", "output": "ok"}, "ok"),
        ({"type": "function_call_output", "output": tuple(PARTS)}, PARTS),
        ({"type": "custom_tool_call_output", "output": PARTS}, PARTS),
        ({"type": "local_shell_call_output", "output": '{"output":"a"}'}, '{"output":"a"}'),
        ({"type": "shell_call_output", "output": [entry("a\n", "", type="exit", exit_code=0)]}, "exit code: 0\nstdout:\na\n"),
        (
            {
                "type": "shell_call_output",
                "output": [entry("", "", type="exit", exit_code=1), entry("a", "b", type="timeout")],
            },
            "exit code: 1\ntimed out\nstdout:\na\nstderr:\nb",
        ),
        ({"type": "shell_call_output", "output": []}, ""),
        ({"type": "apply_patch_call_output", "status": "completed"}, "status: completed"),
        ({"type": "apply_patch_call_output", "status": "completed", "output": None}, "status: completed"),
        ({"type": "apply_patch_call_output", "status": "failed", "output": "no such file"}, "status: failed\nno such file"),
        (
            {
                "type": "tool_search_output",
                "tools": [
                    {"type": "function", "name": "2fa"},
                    {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}]},
                    {"type": "shell"},
                ],
            },
            "Tools found, ready to be called: _2fa, n.f, n.c, shell",
        ),
        ({"type": "tool_search_output", "tools": []}, "No tools found."),
    ],
)  # fmt: skip
def test_what_the_tool_answered(item: dict[str, Any], content: object) -> None:
    assert item["type"] in OUTPUT_TYPES
    assert output_content(item) == content

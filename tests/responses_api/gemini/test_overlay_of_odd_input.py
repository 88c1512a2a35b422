"""Whatever passes the door is translated, stored, or refused in words; nothing breaks."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.input_items import stored_input_item
from responses_api.core.remote_files import remote_files
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.overlay import build_overlay
from tests.responses_api.gemini.conversations import MODELS, assert_valid

PNG = "data:image/png;base64,iVBORw0KGgo="
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}
PARTS: list[dict[str, Any]] = [
    {"type": "input_text", "text": "a"},
    {"type": "input_image", "image_url": PNG, "detail": "low"},
    {"type": "input_file", "filename": "a.txt", "file_data": "aGk=", "file_url": "https://example.com/a"},
    {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
    {"type": "output_text", "text": "a", "annotations": [], "logprobs": []},
    {"type": "refusal", "refusal": "no"},
]
EXIT = {"stdout": "a", "stderr": "b", "outcome": {"type": "exit", "exit_code": 1}}
ITEMS: list[dict[str, Any]] = [
    {"type": "message", "role": "user", "content": PARTS, "phase": None},
    {"type": "message", "role": "assistant", "content": "a", "phase": "commentary"},
    {"role": "developer", "content": PARTS[:1]},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "namespace": "n", "id": "fc"},
    {"type": "function_call_output", "call_id": "c", "output": PARTS[:3], "name": "f"},
    {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"},
    {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
    {
        "type": "local_shell_call",
        "id": "c",
        "action": {
            "type": "exec",
            "command": ["ls"],
            "env": {"A": "b"},
            "timeout_ms": 1,
            "working_directory": "/",
        },
    },
    {"type": "local_shell_call_output", "id": "c", "output": "x"},
    {
        "type": "shell_call",
        "call_id": "c",
        "action": {"commands": ["ls"], "timeout_ms": 1},
        "environment": {},
    },
    {"type": "shell_call_output", "call_id": "c", "output": [EXIT], "max_output_length": 5},
    {
        "type": "apply_patch_call",
        "call_id": "c",
        "operation": {"type": "create_file", "path": "a", "diff": "+"},
    },
    {"type": "apply_patch_call_output", "call_id": "c", "status": "failed", "output": "x"},
    {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {"query": "x"}},
    {"type": "tool_search_output", "call_id": "c", "execution": "client", "tools": [FUNCTION]},
    {"type": "additional_tools", "role": "developer", "tools": [FUNCTION]},
    {
        "type": "web_search_call",
        "id": "ws",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    },
    {
        "type": "code_interpreter_call",
        "code": "1",
        "outputs": [{"type": "logs", "logs": "1"}],
        "status": "failed",
    },
    {"type": "image_generation_call", "result": "iVBORw0KGgo=", "output_format": "png"},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}], "content": None},
]

odd_values = st.sampled_from(
    [
        None,
        "",
        "x",
        "\n",
        0,
        -1,
        1.5,
        True,
        [],
        {},
        ["x"],
        {"type": "x"},
        [{"type": "input_text", "text": "t"}],
    ]
    + [[{"type": "logs", "logs": 5}], "data:;base64,", PNG, "https://example.com/b", "call_0", [[]]]
)


@st.composite
def bent(draw: st.DrawFn, value: Any) -> Any:
    """``value`` with at most one of its members, at any depth, left out or replaced by an odd one."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        if draw(st.booleans()):
            return {**value, name: draw(bent(value[name]))}
        return {key: member for key, member in value.items() if key != name}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(bent(value[index])), *value[index + 1 :]]
    return draw(odd_values)


items = st.sampled_from(ITEMS).flatmap(lambda item: st.just(item) | bent(item))


@given(st.lists(items, min_size=1, max_size=6), st.sampled_from(MODELS))
def test_odd_input_is_translated_or_refused(said: list[Any], model: ModelProfile) -> None:
    try:
        request = parse_create_request({"input": said})
        conversation = [ConversationItem(item) for item in request.input]
        for item in request.input:
            if item["type"] != "item_reference":
                stored = stored_input_item(item, "x_1")
                parse_create_request({"input": [stored]})
        remote_files(conversation)
        built = build_overlay(request, conversation, model)
    except InvalidRequest as refusal:
        assert refusal.http_status == 400
        assert refusal.message.encode()
    else:
        assert_valid(built.body)

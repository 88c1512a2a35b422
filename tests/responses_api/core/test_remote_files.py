from typing import Any

from responses_api.core.conversation import ConversationItem
from responses_api.core.remote_files import RemoteFile, remote_files

IMAGE = "https://example.com/a.png"
FILE = "https://example.com/a.pdf"


def message(*content: dict[str, Any]) -> ConversationItem:
    return ConversationItem({"type": "message", "role": "user", "content": list(content)})


def output(said: Any, kind: str = "function_call_output") -> ConversationItem:
    return ConversationItem({"type": kind, "call_id": "call_1", "output": said})


def test_messages_and_tool_outputs_are_searched_in_order() -> None:
    image = {"type": "input_image", "image_url": IMAGE}
    file = {"type": "input_file", "file_url": FILE}
    found = remote_files(
        [
            message({"type": "input_text", "text": IMAGE}, image),
            output([file]),
            output([image], "custom_tool_call_output"),
        ]
    )
    assert found == [RemoteFile(IMAGE, "image"), RemoteFile(FILE, "file"), RemoteFile(IMAGE, "image")]


def test_each_find_is_named_by_its_place_in_the_parameter() -> None:
    items = [
        output("no parts"),
        message({"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": IMAGE}),
        output([{"type": "input_file", "file_url": FILE}]),
    ]
    assert [remote.param for remote in remote_files(items, "input")] == [
        "input[1].content[1].image_url",
        "input[2].output[0].file_url",
    ]
    assert {remote.param for remote in remote_files(items)} == {"input"}


def test_data_and_identifiers_are_no_web_addresses() -> None:
    assert (
        remote_files(
            [
                message(
                    {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
                    {"type": "input_image", "image_url": "DATA:image/png;base64,AAAA"},
                    {"type": "input_image", "image_url": None, "file_id": "file_1"},
                    {"type": "input_file", "file_id": "file_1"},
                    {"type": "input_file", "file_url": None, "file_data": "data:text/plain;base64,AAAA"},
                    {"type": "input_file", "file_url": "data:text/plain;base64,AAAA"},
                    {"type": "input_file", "file_url": FILE, "file_data": "data:text/plain;base64,AAAA"},
                )
            ]
        )
        == []
    )


def test_what_can_never_be_fetched_is_listed_all_the_same() -> None:
    items = [message({"type": "input_file", "file_url": "ftp://example.com/a"})]
    assert remote_files(items) == [RemoteFile("ftp://example.com/a", "file")]


def test_items_without_content_are_passed_over() -> None:
    items = [
        ConversationItem({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}),
        ConversationItem({"type": "reasoning", "summary": []}),
        output("text"),
    ]
    assert remote_files(items) == []

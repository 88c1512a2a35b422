from typing import Any

import pytest

from responses_api.admin.threads import LONGEST_TEXT, Entry, markdown, thread

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def entry(**item: Any) -> Entry:
    (only,) = thread([item])
    return only


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,<b>)",
        "![pixel](https://evil.example/pixel.png)",
        '<a href="https://x" onclick="alert(1)">x</a>',
        "<style>body{display:none}</style>",
        '<iframe src="https://evil.example"></iframe>',
        "```html\n<script>\n```",
    ],
)
def test_nothing_of_a_text_runs_or_loads(text: str) -> None:
    html = markdown(text)
    for tag in ("<script", "<img", "<style", "<iframe", 'href="javascript', 'href="data'):
        assert tag not in html
    assert "<a " not in html or 'rel="noopener noreferrer nofollow"' in html


def test_markdown_is_laid_out() -> None:
    html = markdown("# Tides\n\n- **moon**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](https://example.com)")
    for part in ("<h1>Tides</h1>", "<strong>moon</strong>", "<td>1</td>", 'href="https://example.com"'):
        assert part in html


def test_a_long_text_is_cut() -> None:
    html = markdown("x" * (LONGEST_TEXT + 5))
    assert "… 5 more characters" in html


def test_a_message_with_an_image() -> None:
    content = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": PIXEL}]
    shown = entry(type="message", role="user", id="msg_1", content=content)
    assert (shown.speaker, shown.id, shown.folded) == ("user", "msg_1", False)
    assert [(part.kind, part.content) for part in shown.parts] == [
        ("text", "<p>What?</p>\n"),
        ("image", PIXEL),
    ]


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/x.png", "data:image/svg+xml;base64,PHN2Zz4=", "data:text/html;base64,PGI+", ""],
)
def test_other_images_are_only_named(url: str) -> None:
    shown = entry(type="message", role="user", content=[{"type": "input_image", "image_url": url}])
    assert [part.kind for part in shown.parts] == ["note"]


def test_reasoning_is_folded() -> None:
    shown = entry(type="reasoning", summary=[{"type": "summary_text", "text": "Hmm."}])
    assert shown.folded
    assert shown.parts[0].content == "<p>Hmm.</p>\n"
    assert entry(type="reasoning", summary=[]).parts[0].kind == "note"


def test_a_call_with_its_arguments_and_its_result() -> None:
    call = entry(type="function_call", name="look_up", call_id="c1", arguments='{"word":"tide"}')
    assert (call.title, call.parts[0].label) == ("function call look_up", "arguments")
    assert call.parts[0].content == '{\n  "word": "tide"\n}'
    result = entry(type="function_call_output", call_id="c1", output="[1]")
    assert (result.speaker, result.parts[0].kind) == ("tool", "data")
    assert entry(type="function_call_output", call_id="c1", output="plain").parts[0].kind == "text"


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    assert (
        entry(type="custom_tool_call", name="x", input="<b>*not markdown*").parts[0].content
        == "<b>*not markdown*"
    )


def test_a_made_image() -> None:
    shown = entry(
        type="image_generation_call", result="iVBORw0KGgo=", output_format="webp", status="completed"
    )
    assert shown.parts[0].content == "data:image/webp;base64,iVBORw0KGgo="
    assert entry(type="image_generation_call", result=None, status="failed").parts[0].kind == "note"


def test_sources_of_a_text() -> None:
    annotation = {"type": "url_citation", "title": "Tides", "url": "https://example.com"}
    part = {"type": "output_text", "text": "x", "annotations": [annotation, annotation]}
    assert (
        entry(type="message", role="assistant", content=[part]).parts[1].content
        == "Sources: Tides https://example.com"
    )


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"type": "unheard_of"},
        {"type": "message", "content": None},
        {"type": "code_interpreter_call"},
        {"type": "web_search_call", "action": {"query": "x"}},
        {"type": "message", "content": [{"type": "new"}]},
    ],
)
def test_any_item_is_shown_somehow(item: dict[str, Any]) -> None:
    assert thread([item])[0].raw

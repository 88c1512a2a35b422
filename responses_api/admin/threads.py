"""Items of a response or conversation as a thread to read. Pure: wire items in, entries out.

What a model or client wrote is shown as Markdown and can hold no HTML of its own; images are shown only
where their data is in the item, so that reading a thread asks nobody on the net for anything.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

LONGEST_TEXT = 100_000
"""Characters of one text that are shown."""
LARGEST_IMAGE = 8_000_000
"""Characters of an image's data that are shown."""

type Speaker = Literal["user", "assistant", "system", "tool"]

_IMAGE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}
_SPEAKERS: dict[str, Speaker] = {"user": "user", "assistant": "assistant", "tool": "tool"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an entry: a ``text`` (HTML that is safe), an ``image`` (its URL), ``data`` or a ``note``."""

    kind: Literal["text", "image", "data", "note"]
    content: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a thread.

    Attributes:
        speaker: who said it.
        title: what it is, in words.
        parts: what is shown of it.
        folded: whether it is shown only when asked for.
        id: the item's, or empty.
        raw: the whole item, laid out.
    """

    speaker: Speaker
    title: str
    parts: tuple[Part, ...]
    folded: bool
    id: str
    raw: str


def thread(items: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The entries of wire items, in their order."""
    return [_entry(item) for item in items]


def markdown(text: str) -> SafeString:
    """Markdown as HTML without anything that runs, loads or looks like the page around it."""
    shown, rest = text[:LONGEST_TEXT], len(text) - LONGEST_TEXT
    # Safe: nh3 lets through the tags and attributes named here and nothing else.
    html = nh3.clean(
        _MARKDOWN.render(shown),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    more = f"<p>… {rest} more characters</p>" if rest > 0 else ""
    return mark_safe(html + more)


def _entry(item: Mapping[str, Any]) -> Entry:
    kind = str(item.get("type", "message"))
    speaker, title, parts = _shown(kind, item)
    return Entry(
        speaker=speaker,
        title=title,
        parts=tuple(parts),
        folded=kind in ("reasoning", "compaction"),
        id=str(item.get("id") or ""),
        raw=_laid_out(item),
    )


def _shown(kind: str, item: Mapping[str, Any]) -> tuple[Speaker, str, list[Part]]:
    match kind:
        case "message":
            role = str(item.get("role", ""))
            return _SPEAKERS.get(role, "system"), role, _content(item.get("content"))
        case "reasoning":
            texts = [*(item.get("summary") or []), *(item.get("content") or [])]
            return "assistant", "reasoning", _content(texts) or [Part("note", "Its text is not given.")]
        case "image_generation_call":
            return "assistant", "image", _made_image(item)
        case "code_interpreter_call":
            return "assistant", "code", [Part("data", str(item.get("code") or ""), "code"), *_outputs(item)]
        case _ if kind.endswith("_output"):
            return "tool", f"{_words(kind)} {item.get('call_id', '')}".strip(), _content(item.get("output"))
        case _ if kind.endswith("_call"):
            return "assistant", f"{_words(kind)} {item.get('name', '')}".strip(), _asked(item)
        case _:
            return "system", _words(kind), []


def _content(content: Any) -> list[Part]:
    """The parts of a message or of a tool's result."""
    if isinstance(content, str):
        return [_text_or_data(content)]
    if isinstance(content, Sequence):
        return [shown for part in content if isinstance(part, Mapping) for shown in _part(part)]
    return [] if content is None else [Part("data", _laid_out(content))]


def _part(part: Mapping[str, Any]) -> list[Part]:
    match part.get("type"):
        case "input_image":
            return [_image(str(part.get("image_url") or part.get("file_id") or ""))]
        case "input_file":
            return [Part("note", f"File: {part.get('filename') or part.get('file_url') or 'without a name'}")]
        case "refusal":
            return [Part("text", markdown(str(part.get("refusal", ""))), "refusal")]
        case _ if isinstance(text := part.get("text"), str):
            return [Part("text", markdown(text)), *_sources(part)]
        case _:
            return [Part("data", _laid_out(part))]


def _sources(part: Mapping[str, Any]) -> list[Part]:
    """The web pages that a text names as its sources."""
    cited = [note for note in part.get("annotations") or [] if note.get("type") == "url_citation"]
    pages = dict.fromkeys(f"{note.get('title') or ''} {note.get('url') or ''}".strip() for note in cited)
    return [Part("note", "Sources: " + "; ".join(pages))] if pages else []


def _text_or_data(text: str) -> Part:
    """JSON is laid out; anything else is Markdown."""
    if text[:1] in ("{", "["):
        try:
            return Part("data", _laid_out(json.loads(text)))
        except ValueError:
            pass
    return Part("text", markdown(text))


def _asked(item: Mapping[str, Any]) -> list[Part]:
    """What a call asks for."""
    parts = []
    for member in ("arguments", "input", "action", "operation", "queries"):
        value = item.get(member)
        if isinstance(value, str) and value:
            part = _text_or_data(value)
            parts.append(Part("data", part.content if part.kind == "data" else value, member))
        elif value:
            parts.append(Part("data", _laid_out(value), member))
    return parts


def _outputs(item: Mapping[str, Any]) -> list[Part]:
    outputs = item.get("outputs") or []
    return [Part("data", str(output.get("logs") or _laid_out(output)), "output") for output in outputs]


def _made_image(item: Mapping[str, Any]) -> list[Part]:
    result = item.get("result")
    if not isinstance(result, str) or not _BASE64.fullmatch(result):
        return [Part("note", f"No image: {item.get('status', 'unknown')}")]
    form = item.get("output_format")
    return [_image(f"data:image/{form if form in ('jpeg', 'webp') else 'png'};base64,{result}")]


def _image(url: str) -> Part:
    if len(url) <= LARGEST_IMAGE and _IMAGE_DATA.fullmatch(url):
        return Part("image", url)
    if url.startswith("data:"):
        return Part("note", f"Image of {len(url)} characters, not shown")
    return Part("note", f"Image: {url[:500]}")


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _laid_out(value: Any) -> str:
    return _cut(json.dumps(value, indent=2, ensure_ascii=False))


def _cut(text: str) -> str:
    rest = len(text) - LONGEST_TEXT
    return f"{text[:LONGEST_TEXT]}\n… {rest} more characters" if rest > 0 else text

"""The output items that we produce, and their parts, in the Responses API's wire shapes."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from responses_api.core.generation_events import TokenLogprob

type ItemStatus = Literal[
    "in_progress", "searching", "interpreting", "generating", "completed", "incomplete", "failed"
]
"""Of all kinds of item together. Each kind knows some of them only; see ``OpenItem.final``."""


class TopLogprob(TypedDict):
    """A token that was likely at its place. ``bytes`` are those of its UTF-8 form."""

    token: str
    logprob: float
    bytes: list[int]


class Logprob(TopLogprob):
    """A token of the text, and what else was likely."""

    top_logprobs: list[TopLogprob]


class UrlCitation(TypedDict):
    """A web page that a span of the text rests on.

    ``start_index`` is the index of the span's first character in the part's text,
    ``end_index`` the one after its last; both in code points.
    """

    type: Literal["url_citation"]
    url: str
    title: str
    start_index: int
    end_index: int


class OutputText(TypedDict):
    """A content part of an assistant message."""

    type: Literal["output_text"]
    text: str
    annotations: list[UrlCitation]
    logprobs: list[Logprob]


class Refusal(TypedDict):
    """A content part of an assistant message, in place of an answer."""

    type: Literal["refusal"]
    refusal: str


class SummaryText(TypedDict):
    """A part of a reasoning item's summary."""

    type: Literal["summary_text"]
    text: str


class MessageItem(TypedDict):
    """An assistant message."""

    type: Literal["message"]
    id: str
    status: ItemStatus
    role: Literal["assistant"]
    content: list[OutputText | Refusal]


class _ReasoningItem(TypedDict):
    type: Literal["reasoning"]
    id: str
    status: ItemStatus
    summary: list[SummaryText]


class ReasoningItem(_ReasoningItem, total=False):
    """A run of the model's thoughts, as summaries, and what the client keeps for the upstream."""

    encrypted_content: str
    """Absent where there is none; Open Responses knows no null here."""


type ClientCallItem = dict[str, Any]
"""A call of one of the client's tools: what ``client_tools.call_item`` makes, with ``id`` and ``status``."""


class WebSource(TypedDict):
    """A page that a search found."""

    type: Literal["url"]
    url: str


class _SearchAction(TypedDict):
    type: Literal["search"]
    query: str
    """The first of ``queries``, for clients that know one only."""
    queries: list[str]


class SearchAction(_SearchAction, total=False):
    """A web search."""

    sources: list[WebSource]


class OpenPageAction(TypedDict):
    """The reading of a web page."""

    type: Literal["open_page"]
    url: str | None


type WebSearchAction = SearchAction | OpenPageAction


class WebSearchCallItem(TypedDict):
    """Something that the upstream did on the web."""

    type: Literal["web_search_call"]
    id: str
    status: ItemStatus
    action: WebSearchAction


class CodeLogs(TypedDict):
    """What a program printed."""

    type: Literal["logs"]
    logs: str


class CodeInterpreterCallItem(TypedDict):
    """A program of the model's that the upstream ran."""

    type: Literal["code_interpreter_call"]
    id: str
    status: ItemStatus
    container_id: str
    code: str
    outputs: list[CodeLogs] | None
    """Null where the client did not ask for them, or there are none."""


class ImageGenerationCallItem(TypedDict):
    """A picture of the model's."""

    type: Literal["image_generation_call"]
    id: str
    status: ItemStatus
    result: str | None
    """Base64; null until it is there."""
    output_format: str


class CompactionItem(TypedDict):
    """A summary of what was said before, for the client to keep and to send back."""

    type: Literal["compaction"]
    id: str
    status: ItemStatus
    encrypted_content: str


type OutputItem = (
    MessageItem
    | ReasoningItem
    | ClientCallItem
    | WebSearchCallItem
    | CodeInterpreterCallItem
    | ImageGenerationCallItem
    | CompactionItem
)


def summary_text(text: str) -> SummaryText:
    """A summary part."""
    return {"type": "summary_text", "text": text}


def refusal(text: str) -> Refusal:
    """A refusal part."""
    return {"type": "refusal", "refusal": text}


def search_action(queries: Sequence[str]) -> SearchAction:
    """A search for all of ``queries``."""
    return {"type": "search", "query": queries[0] if queries else "", "queries": list(queries)}


def open_page_action(urls: Sequence[str]) -> OpenPageAction:
    """The reading of the first of ``urls``; the form has no place for more."""
    return {"type": "open_page", "url": urls[0] if urls else None}


def logprob(token: TokenLogprob) -> Logprob:
    """The wire form of ``token``; the same in events, though OpenAI's leave the bytes out there."""
    return {
        **_top_logprob(token.token, token.logprob),
        "top_logprobs": [_top_logprob(text, value) for text, value in token.top],
    }


def _top_logprob(token: str, value: float) -> TopLogprob:
    return {"token": token, "logprob": value, "bytes": list(token.encode())}

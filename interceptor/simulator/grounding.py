"""Search results beside an answer: queries, sources, and which bytes of the text rest on them. Pure."""

import re

from .values import JsonObject

_REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
_SITES = ("example.com", "example.org")
_SENTENCE = re.compile(r"[^\n.!?]+[.!?]?")
_URL = re.compile(r"https?://[^\s<>\"']+")


def grounding_metadata(question: str, text: str, part_index: int) -> JsonObject:
    """``groundingMetadata`` for ``text``, which is part ``part_index`` of the candidate.

    The last two sentences are supported, one by each source. Segments are UTF-8 byte offsets
    inside the part, end exclusive; zero values are omitted, as on the wire.
    """
    query = question[:100] or "news"
    sentences = list(_SENTENCE.finditer(text))[-len(_SITES) :]
    return {
        "webSearchQueries": [query],
        "groundingChunks": [{"web": {"uri": _REDIRECT + site, "title": site}} for site in _SITES],
        "groundingSupports": [
            {"segment": _segment(text, sentence, part_index), "groundingChunkIndices": [index]}
            for index, sentence in enumerate(sentences)
        ],
        "searchEntryPoint": {"renderedContent": '<div class="simulated">search suggestions</div>'},
    }


def _segment(text: str, sentence: re.Match[str], part_index: int) -> JsonObject:
    said = sentence[0].lstrip()
    start = len(text[: sentence.end() - len(said)].encode())
    segment: JsonObject = {"endIndex": start + len(said.encode()), "text": said}
    if start:
        segment["startIndex"] = start
    if part_index:
        segment["partIndex"] = part_index
    return segment


def url_context_metadata(question: str) -> JsonObject | None:
    """``urlContextMetadata`` for the addresses in ``question``; None when it names none."""
    addresses = _URL.findall(question)
    if not addresses:
        return None
    return {
        "urlMetadata": [
            {"retrievedUrl": address, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}
            for address in addresses
        ]
    }

"""Search results beside an answer: queries, sources, and which bytes of the text rest on them. Pure."""

import re

from .values import JsonObject

_REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
_SITES = ("example.com", "example.org", "example.net")
_SENTENCE = re.compile(r"[^\n.!?。！？]+[.!?。！？]?")
_URL = re.compile(r"https?://[^\s<>\"']+")


def search_query(question: str) -> str:
    """What a search for an answer to ``question`` asks for."""
    return question[:100] or "news"


def grounding_metadata(query: str, text: str, part_index: int, supported: int = 2) -> JsonObject:
    """``groundingMetadata`` for ``text``, which is part ``part_index`` of the candidate.

    The last ``supported`` sentences rest on the sources in turn, from the third on on two of them.
    Segments are UTF-8 byte offsets inside the part, end exclusive; zero values are omitted, as
    on the wire.
    """
    sentences = [found for found in _SENTENCE.finditer(text) if found[0].strip()]
    last = sentences[-supported:] if supported else []
    sites = _SITES[: min(max(supported, 2), len(_SITES))]
    return {
        "webSearchQueries": [query],
        "groundingChunks": [{"web": {"uri": _REDIRECT + site, "title": site}} for site in sites],
        "groundingSupports": [
            {
                "segment": _segment(text, sentence, part_index),
                "groundingChunkIndices": [
                    place % len(sites) for place in range(index, index + 1 + (index > 1))
                ],
            }
            for index, sentence in enumerate(last)
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


def addresses_in(question: str) -> list[str]:
    """The web addresses that ``question`` names."""
    return _URL.findall(question)


def url_context_metadata(addresses: list[str]) -> JsonObject | None:
    """``urlContextMetadata`` for ``addresses``; None for none."""
    if not addresses:
        return None
    return {
        "urlMetadata": [
            {"retrievedUrl": address, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}
            for address in addresses
        ]
    }

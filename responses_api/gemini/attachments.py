"""What comes beside an answer's parts, as typed values: grounding, opened pages, log probabilities.

Pure. None of it is worth losing the answer for, so each decoder gives None for what it cannot read.

Source: Gemini API reference (v1beta ``GroundingMetadata``, ``UrlContextMetadata``,
``LogprobsResult``), November 2026.
"""

from responses_api.gemini.wire import WireStruct, lenient


class Source(WireStruct, frozen=True):
    """A page, document or place behind a grounded answer."""

    uri: str = ""
    source_uri: str = ""
    """In place of ``uri`` where the source is a picture: the page that shows it."""
    title: str = ""


class GroundingChunk(WireStruct, frozen=True):
    """One source, under the name of its kind."""

    web: Source | None = None
    retrieved_context: Source | None = None
    maps: Source | None = None
    image: Source | None = None


class Segment(WireStruct, frozen=True):
    """A piece of the answer: UTF-8 byte offsets inside a part, end exclusive; zeroes are left out."""

    part_index: int = 0
    start_index: int = 0
    end_index: int = 0
    text: str = ""


class GroundingSupport(WireStruct, frozen=True):
    """Which sources (indices of ``groundingChunks``) support a segment."""

    segment: Segment | None = None
    grounding_chunk_indices: tuple[int, ...] = ()


class GroundingMetadata(WireStruct, frozen=True):
    """What the answer's text rests on."""

    web_search_queries: tuple[str, ...] = ()
    image_search_queries: tuple[str, ...] = ()
    grounding_chunks: tuple[GroundingChunk, ...] = ()
    grounding_supports: tuple[GroundingSupport, ...] = ()


class UrlMetadata(WireStruct, frozen=True):
    """An address that the upstream opened, and how that went."""

    retrieved_url: str = ""
    url_retrieval_status: str = ""


class UrlContextMetadata(WireStruct, frozen=True):
    """The addresses that the upstream opened."""

    url_metadata: tuple[UrlMetadata, ...] = ()


class LogprobsToken(WireStruct, frozen=True):
    """A token and the natural logarithm of its probability; zeroes are left out."""

    token: str = ""
    log_probability: float = 0.0


class TopCandidates(WireStruct, frozen=True):
    """The most likely tokens at one place."""

    candidates: tuple[LogprobsToken, ...] = ()


class LogprobsResult(WireStruct, frozen=True):
    """The tokens of a chunk, and beside each what was likely in its place."""

    chosen_candidates: tuple[LogprobsToken, ...] = ()
    top_candidates: tuple[TopCandidates, ...] = ()


decode_grounding = lenient(GroundingMetadata)
decode_url_context = lenient(UrlContextMetadata)
decode_logprobs = lenient(LogprobsResult)

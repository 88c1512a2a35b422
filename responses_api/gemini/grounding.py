"""Where the upstream says that an answer rests on sources: its segments, found in our text.

Pure. The upstream counts UTF-8 bytes inside a numbered part of the candidate; we count
characters in the visible text of the answer. Which numbering of parts is meant cannot be
known: a stream cuts one part into many, and thoughts and calls count or not. So a place is
believed only if the text there is the text that the segment quotes.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, overload

from responses_api.core.generation_events import Citation, Grounded, WebSource
from responses_api.gemini.attachments import (
    GroundingChunk,
    GroundingMetadata,
    GroundingSupport,
    Segment,
    Source,
    UrlMetadata,
)

type PartKind = Literal["text", "thought", "other"]
type WrittenPart = tuple[PartKind, str]
"""A part as it came in, and its text; "" of one that has none."""

_KINDS: tuple[PartKind, ...] = ("text", "thought", "other")


class WrittenParts(Sequence[WrittenPart]):
    """The parts of an answer so far, of what is not visible only that it was there.

    In little room: an answer may be of ten thousand pieces, and many answers are open at once.
    """

    def __init__(self) -> None:
        self._kinds = bytearray()
        self._ends = array("Q")
        self._text = bytearray()

    def add(self, kind: PartKind, text: str) -> None:
        """One more part has come in."""
        if kind == "text":
            self._text += text.encode(errors="surrogatepass")
        self._kinds.append(_KINDS.index(kind))
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        return len(self._kinds)

    @overload
    def __getitem__(self, index: int) -> WrittenPart: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WrittenPart]: ...
    def __getitem__(self, index: int | slice) -> WrittenPart | Sequence[WrittenPart]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        start = self._ends[place - 1] if place else 0
        text = self._text[start : self._ends[place]].decode(errors="surrogatepass")
        return _KINDS[self._kinds[place]], text


_OPENED = frozenset({"", "URL_RETRIEVAL_STATUS_UNSPECIFIED", "URL_RETRIEVAL_STATUS_SUCCESS"})


@dataclass(slots=True)
class GroundingNotes:
    """What the chunks of one answer have said about its sources so far.

    The metadata comes late, sometimes in several chunks, each whole as far as it goes: the last
    list that holds anything is the one that counts.
    """

    web_search_queries: tuple[str, ...] = ()
    image_search_queries: tuple[str, ...] = ()
    chunks: tuple[GroundingChunk, ...] = ()
    supports: tuple[GroundingSupport, ...] = ()
    pages: tuple[UrlMetadata, ...] = ()

    def add(self, metadata: GroundingMetadata) -> None:
        """Take note of ``metadata``."""
        self.web_search_queries = metadata.web_search_queries or self.web_search_queries
        self.image_search_queries = metadata.image_search_queries or self.image_search_queries
        self.chunks = metadata.grounding_chunks or self.chunks
        self.supports = metadata.grounding_supports or self.supports

    def grounded(self, written: Sequence[WrittenPart]) -> Grounded | None:
        """The event, or None where nothing is to be told.

        Args:
            written: All parts of the answer, in order, as the wire cut them.
        """
        sources = [_web_source(chunk) for chunk in self.chunks]
        opened = [page.retrieved_url for page in self.pages if page.url_retrieval_status in _OPENED]
        known = {source.url: source for source in reversed(sources) if source is not None}
        listed = [source.url for source in sources if source is not None] + [url for url in opened if url]
        event = Grounded(
            queries=tuple(dict.fromkeys((*self.web_search_queries, *self.image_search_queries))),
            sources=tuple(known.get(url, WebSource(url)) for url in dict.fromkeys(listed)),
            citations=tuple(dict.fromkeys(_citations(self.supports, sources, written))),
        )
        return event if event != Grounded() else None


def _web_source(chunk: GroundingChunk) -> WebSource | None:
    source = chunk.web or chunk.retrieved_context or chunk.maps or chunk.image or Source()
    url = source.uri or source.source_uri
    return WebSource(url, source.title) if url else None


def _citations(
    supports: Sequence[GroundingSupport],
    sources: Sequence[WebSource | None],
    written: Sequence[WrittenPart],
) -> Iterator[Citation]:
    text = _VisibleText(written if supports else ())
    for support in supports:
        cited = [sources[index] for index in support.grounding_chunk_indices if 0 <= index < len(sources)]
        span = text.span(support.segment) if support.segment is not None else None
        if span is not None:
            yield from (Citation(*span, source.url, source.title) for source in cited if source is not None)


class _VisibleText:
    """The visible text of an answer, in which segments are looked up one after the other."""

    def __init__(self, written: Sequence[WrittenPart]) -> None:
        self._bytes = "".join(text for kind, text in written if kind == "text").encode()
        joined = [
            (kind, "".join(text for _, text in run))
            for kind, run in groupby(written, key=lambda part: part[0])
        ]
        self._numberings = (_starts(written), _starts(joined))
        self._characters = [] if self._bytes.isascii() else _character_starts(self._bytes)
        self._searched = 0

    def span(self, segment: Segment) -> tuple[int, int] | None:
        """First and after-last character of ``segment``; None where its text is not to be found."""
        quoted = segment.text.encode()
        start = self._start(segment, quoted) if quoted else -1
        if start < 0:
            return None
        self._searched = start + len(quoted)
        return self._character(start), self._character(self._searched)

    def _start(self, segment: Segment, quoted: bytes) -> int:
        for starts in self._numberings:
            if 0 <= segment.part_index < len(starts) and segment.start_index >= 0:
                start = starts[segment.part_index] + segment.start_index
                if self._bytes.startswith(quoted, start):
                    return start
        if segment.start_index >= 0 and self._bytes.startswith(quoted, segment.start_index):
            return segment.start_index
        after = self._bytes.find(quoted, self._searched)
        return after if after >= 0 else self._bytes.find(quoted)

    def _character(self, byte: int) -> int:
        return bisect_left(self._characters, byte) if self._characters else byte


def _starts(parts: Sequence[WrittenPart]) -> list[int]:
    """Bytes of visible text before each part."""
    starts, end = [], 0
    for kind, text in parts:
        starts.append(end)
        end += len(text.encode()) if kind == "text" else 0
    return starts


def _character_starts(text: bytes) -> list[int]:
    """The index of each character's first byte: any byte but those that continue one."""
    return [index for index, byte in enumerate(text) if byte & 0xC0 != 0x80]

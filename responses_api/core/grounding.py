"""What an answer rests on, shown: citations of a message, and the searches as one item."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from responses_api.core.generation_events import Citation, Grounded
from responses_api.core.output_items import SearchAction, UrlCitation, search_action


class SearchNotes:
    """Searches of one answer that no item has shown yet.

    Args:
        shows_sources: Whether the client wants to know the pages that were found.
    """

    def __init__(self, *, shows_sources: bool) -> None:
        self._shows_sources = shows_sources
        self._queries: dict[str, None] = {}
        self._urls: dict[str, None] = {}
        self._shown = False

    def begin_answer(self) -> None:
        """Another answer begins, whose searches are its own."""
        self._shown = False

    def mark_shown(self) -> None:
        """An item shows a search of this answer; what is noted of others is of the same ones."""
        self._shown = True
        self._queries.clear()
        self._urls.clear()

    def note(self, grounded: Grounded) -> None:
        """Keep what is not known yet."""
        if not self._shown:
            self._queries |= dict.fromkeys(grounded.queries)
            self._urls |= dict.fromkeys(source.url for source in grounded.sources)

    def take(self) -> SearchAction | None:
        """All searches as one, if there are any to show; they count as shown then."""
        if not self._queries:
            return None
        action = search_action(list(self._queries))
        if self._shows_sources:
            action["sources"] = [{"type": "url", "url": url} for url in self._urls]
        self.mark_shown()
        return action


def url_citations(
    citations: tuple[Citation, ...], begins_at: int, length: int
) -> Iterator[UrlCitation | None]:
    """The annotations of one message part.

    Args:
        citations: Of spans of the answer's text.
        begins_at: Where in that text the part begins.
        length: Of the part, in code points.

    Yields:
        Per citation its annotation, or None for one that is not wholly within the part.
    """
    for citation in citations:
        if not max(0, begins_at) <= citation.start <= citation.end <= begins_at + length:
            yield None
            continue
        yield {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title or _host(citation.url),
            "start_index": citation.start - begins_at,
            "end_index": citation.end - begins_at,
        }


def _host(url: str) -> str:
    """The name to show for a page without a title; clients need one."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url

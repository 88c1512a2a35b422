from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import Citation, Grounded, WebSource
from responses_api.gemini.attachments import (
    GroundingChunk,
    GroundingMetadata,
    GroundingSupport,
    Segment,
    Source,
    UrlMetadata,
)
from responses_api.gemini.grounding import GroundingNotes, PartKind, WrittenPart, WrittenParts

A, B = Source(uri="https://a.example", title="a"), Source(uri="https://b.example", title="b")
BOTH = (GroundingChunk(web=A), GroundingChunk(web=B))


@given(st.lists(st.tuples(st.sampled_from(["text", "thought", "other"]), st.text())))
def test_parts_are_remembered_as_they_came(came: list[WrittenPart]) -> None:
    """Of those that are not visible, only that they were there."""
    parts = WrittenParts()
    for kind, text in came:
        parts.add(kind, text)
    kept = [(kind, text if kind == "text" else "") for kind, text in came]
    assert list(parts) == kept
    assert parts[1:3] == kept[1:3]
    assert parts[-1:] == kept[-1:]


def test_half_a_surrogate_pair_is_remembered_too() -> None:
    parts = WrittenParts()
    parts.add("text", "a\ud83d")
    assert parts[0] == ("text", "a\ud83d")


def grounded(
    metadata: GroundingMetadata, *written: WrittenPart, pages: tuple[UrlMetadata, ...] = ()
) -> Grounded:
    notes = GroundingNotes(pages=pages)
    notes.add(metadata)
    event = notes.grounded(written)
    assert event is not None
    return event


def cited(segments: Sequence[Segment], *written: WrittenPart) -> list[str]:
    """The text of each citation."""
    supports = tuple(GroundingSupport(segment, (0,)) for segment in segments)
    event = grounded(GroundingMetadata(grounding_chunks=BOTH, grounding_supports=supports), *written)
    text = "".join(text for kind, text in written if kind == "text")
    return [text[citation.start : citation.end] for citation in event.citations]


def spans(segments: Sequence[Segment], *written: WrittenPart) -> list[tuple[int, int]]:
    supports = tuple(GroundingSupport(segment, (0,)) for segment in segments)
    event = grounded(GroundingMetadata(grounding_chunks=BOTH, grounding_supports=supports), *written)
    return [(citation.start, citation.end) for citation in event.citations]


def test_nothing_to_tell() -> None:
    notes = GroundingNotes()
    assert notes.grounded([("text", "a")]) is None
    notes.add(GroundingMetadata(grounding_chunks=(GroundingChunk(),)))
    assert notes.grounded([("text", "a")]) is None


def test_queries_and_sources_once_each() -> None:
    event = grounded(
        GroundingMetadata(
            web_search_queries=("q", "r", "q"),
            image_search_queries=("r", "pictures"),
            grounding_chunks=(
                GroundingChunk(web=A),
                GroundingChunk(retrieved_context=B),
                GroundingChunk(maps=Source(uri="https://a.example", title="again")),
                GroundingChunk(image=Source(source_uri="https://c.example")),
                GroundingChunk(),
            ),
        ),
        pages=(
            UrlMetadata("https://b.example", "URL_RETRIEVAL_STATUS_SUCCESS"),
            UrlMetadata("https://d.example", "URL_RETRIEVAL_STATUS_SUCCESS"),
            UrlMetadata("https://e.example", "URL_RETRIEVAL_STATUS_PAYWALL"),
            UrlMetadata("https://f.example"),
            UrlMetadata(),
        ),
    )
    assert event == Grounded(
        queries=("q", "r", "pictures"),
        sources=(
            WebSource("https://a.example", "a"),
            WebSource("https://b.example", "b"),
            WebSource("https://c.example"),
            WebSource("https://d.example"),
            WebSource("https://f.example"),
        ),
    )


def test_one_citation_for_each_support_and_source() -> None:
    event = grounded(
        GroundingMetadata(
            grounding_chunks=(*BOTH, GroundingChunk()),
            grounding_supports=(
                GroundingSupport(Segment(end_index=3, text="One"), (1, 0, 2, 3, -1, 0)),
                GroundingSupport(None, (0,)),
            ),
        ),
        ("text", "One"),
    )
    assert event.citations == (
        Citation(0, 3, "https://b.example", "b"),
        Citation(0, 3, "https://a.example", "a"),
    )


def test_the_last_list_that_holds_anything_counts() -> None:
    notes = GroundingNotes()
    notes.add(GroundingMetadata(web_search_queries=("old",), grounding_chunks=(GroundingChunk(web=B),)))
    notes.add(GroundingMetadata(web_search_queries=("new",)))
    notes.add(GroundingMetadata(grounding_chunks=(GroundingChunk(web=A),)))
    notes.add(GroundingMetadata(grounding_supports=(GroundingSupport(Segment(end_index=1, text="x"), (0,)),)))
    assert notes.grounded([("text", "x")]) == Grounded(
        ("new",), (WebSource("https://a.example", "a"),), (Citation(0, 1, "https://a.example", "a"),)
    )


STREAMED: tuple[WrittenPart, ...] = (
    ("thought", "Öh. "),
    ("text", "Grüße "),
    ("text", "aus 東京! "),
    ("other", ""),
    ("text", "Grüße."),
)


def test_bytes_become_characters_whichever_parts_are_counted() -> None:
    for part, start in [(1, 0), (0, 0)]:
        assert spans([Segment(part, start, start + 7, "Grüße")], *STREAMED) == [(0, 5)]
    tokyo = len("Grüße aus ".encode())
    as_in_the_stream = Segment(2, len(b"aus "), 0, "東京")
    joined = Segment(1, tokyo, 0, "東京")
    all_as_one = Segment(0, tokyo, 0, "東京")
    for segment in (as_in_the_stream, joined, all_as_one):
        assert spans([segment], *STREAMED) == [(10, 12)]


def test_a_text_that_stands_twice_is_taken_at_its_place() -> None:
    assert spans([Segment(4, 0, 7, "Grüße")], *STREAMED) == [(14, 19)]
    assert spans([Segment(3, 0, 7, "Grüße")], *STREAMED) == [(14, 19)]
    assert spans([Segment(9, len("Grüße aus 東京! ".encode()), 99, "Grüße")], *STREAMED) == [(14, 19)]


def test_a_wrong_place_is_searched_after_the_last_one_and_then_from_the_beginning() -> None:
    twice = [Segment(9, 90, 97, "Grüße"), Segment(9, 99, 106, "Grüße"), Segment(9, 99, 106, "Grüße a")]
    assert spans(twice, *STREAMED) == [(0, 5), (14, 19), (0, 7)]


def test_what_is_not_in_the_text_is_not_cited() -> None:
    unusable = [
        Segment(0, 0, 3, "Öh."),
        Segment(1, 0, 5, ""),
        Segment(-1, -7, -1, "nowhere"),
        Segment(2, 5, 6, "\N{REPLACEMENT CHARACTER}"),
    ]
    assert cited(unusable, *STREAMED) == []


def test_combining_marks_and_emoji_count_as_their_characters() -> None:
    family, cafe = "👩\N{ZERO WIDTH JOINER}👧", "cafe\N{COMBINING ACUTE ACCENT}"
    text = f"{family} au {cafe}."
    segment = Segment(0, len(f"{family} au ".encode()), 0, cafe)
    assert spans([segment], ("text", text)) == [(7, 12)]
    assert cited([segment], ("text", text)) == [cafe]


KINDS: st.SearchStrategy[PartKind] = st.sampled_from(["text", "text", "text", "thought", "other"])
TEXTS = st.text(st.sampled_from("aab .é́東👋\n") | st.characters(codec="utf-8"), max_size=12)


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[WrittenPart], list[Segment]]:
    """An answer, cut for its stream, with segments counted in one of the ways that are in use."""
    whole = draw(st.lists(st.tuples(KINDS, TEXTS), min_size=1, max_size=6))
    whole = [(kind, "" if kind == "other" else text) for kind, text in whole]
    written: list[WrittenPart] = []
    for kind, text in whole:
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
        written += [
            (kind, text[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)
        ]
    segments = []
    for _ in range(draw(st.integers(0, 4))):
        counted = draw(st.sampled_from([whole, written]))
        index = draw(st.integers(0, len(counted) - 1))
        kind, text = counted[index]
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        wrong = draw(st.sampled_from([0, 0, 0, 3]))
        before, quoted = len(text[:start].encode()) + wrong, text[start:end]
        segments.append(Segment(index, before, before + len(quoted.encode()), quoted))
    return written, segments


@given(answers())
def test_what_is_cited_is_what_the_segment_quotes(answer: tuple[list[WrittenPart], list[Segment]]) -> None:
    written, segments = answer
    text = "".join(text for kind, text in written if kind == "text")
    for segment in segments:
        event = GroundingNotes(chunks=BOTH, supports=(GroundingSupport(segment, (0,)),)).grounded(written)
        assert event is not None
        quotes = [text[citation.start : citation.end] for citation in event.citations]
        assert quotes == ([segment.text] if segment.text and segment.text in text else [])


@given(TEXTS.filter(bool), TEXTS, TEXTS)
def test_the_counted_place_goes_before_any_other(quoted: str, before: str, after: str) -> None:
    """Exact offsets are believed although the same text stands elsewhere, too."""
    written: list[WrittenPart] = [
        ("thought", "hm"),
        ("text", quoted + before),
        ("other", ""),
        ("text", quoted + after),
    ]
    event = GroundingNotes(
        chunks=BOTH, supports=(GroundingSupport(Segment(3, 0, len(quoted.encode()), quoted), (0,)),)
    ).grounded(written)
    assert event is not None
    assert [citation.start for citation in event.citations] == [len(quoted + before)]

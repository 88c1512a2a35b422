"""Citations within a part, and searches that no item has shown."""

import pytest

from responses_api.core.generation_events import Citation, Grounded, WebSource
from responses_api.core.grounding import SearchNotes, url_citations

A = WebSource("https://a.example/")


def test_a_citation_counts_from_where_the_part_begins() -> None:
    citations = (Citation(12, 15, "https://a.example/", "A"), Citation(10, 20, "https://b.example/", "B"))
    assert list(url_citations(citations, 10, 10)) == [
        {"type": "url_citation", "url": "https://a.example/", "title": "A", "start_index": 2, "end_index": 5},
        {
            "type": "url_citation",
            "url": "https://b.example/",
            "title": "B",
            "start_index": 0,
            "end_index": 10,
        },
    ]


def test_a_part_that_goes_on_from_another_answer_begins_before_this_one() -> None:
    [annotation] = url_citations((Citation(0, 2, "u", "t"),), -5, 7)
    assert annotation
    assert (annotation["start_index"], annotation["end_index"]) == (5, 7)


@pytest.mark.parametrize(
    ("start", "end", "begins_at"), [(9, 12, 10), (12, 21, 10), (15, 12, 10), (-1, 2, -5), (3, 30, 10)]
)
def test_what_is_not_within_the_part_is_none(start: int, end: int, begins_at: int) -> None:
    assert list(url_citations((Citation(start, end, "u", "t"),), begins_at, 10)) == [None]


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://a.example/x?y", "a.example"),
        ("no address", "no address"),
        ("http://[", "http://["),
        ("", ""),
    ],
)
def test_a_page_without_a_title_is_named_by_its_host(url: str, title: str) -> None:
    [annotation] = url_citations((Citation(0, 1, url),), 0, 1)
    assert annotation
    assert annotation["title"] == title


def test_searches_are_merged_and_taken_once() -> None:
    notes = SearchNotes(shows_sources=True)
    notes.note(Grounded(("rain", "sun"), (A,)))
    notes.note(Grounded(("sun", "wind"), (A, WebSource("https://b.example/"))))
    assert notes.take() == {
        "type": "search",
        "query": "rain",
        "queries": ["rain", "sun", "wind"],
        "sources": [
            {"type": "url", "url": "https://a.example/"},
            {"type": "url", "url": "https://b.example/"},
        ],
    }
    assert notes.take() is None


def test_sources_are_for_who_asks() -> None:
    notes = SearchNotes(shows_sources=False)
    notes.note(Grounded(("rain",), (A,)))
    action = notes.take()
    assert action
    assert "sources" not in action


def test_an_answer_whose_searches_are_shown_has_no_more_of_them() -> None:
    notes = SearchNotes(shows_sources=False)
    notes.note(Grounded(("rain",)))
    notes.mark_shown()
    notes.note(Grounded(("sun",)))
    assert notes.take() is None
    notes.begin_answer()
    notes.note(Grounded(("wind",)))
    action = notes.take()
    assert action
    assert action["queries"] == ["wind"]

from interceptor.simulator.grounding import grounding_metadata, url_context_metadata


def test_offsets_count_bytes_and_zeroes_are_left_out() -> None:
    supports = grounding_metadata("q", "Grüße. Öl!", 0)["groundingSupports"]
    assert [support["segment"] for support in supports] == [
        {"endIndex": 8, "text": "Grüße."},
        {"startIndex": 9, "endIndex": 13, "text": "Öl!"},
    ]


def test_the_part_is_named_unless_it_is_the_first() -> None:
    assert grounding_metadata("q", "a", 2)["groundingSupports"][0]["segment"]["partIndex"] == 2


def test_pages_of_a_prompt() -> None:
    report = url_context_metadata("see https://example.com/a and http://example.org.")
    assert report is not None
    assert [page["retrievedUrl"] for page in report["urlMetadata"]] == [
        "https://example.com/a",
        "http://example.org.",
    ]
    assert url_context_metadata("none") is None

from interceptor.simulator.grounding import (
    addresses_in,
    grounding_metadata,
    search_query,
    url_context_metadata,
)


def test_offsets_count_bytes_and_zeroes_are_left_out() -> None:
    supports = grounding_metadata("q", "Grüße. Öl!", 0)["groundingSupports"]
    assert [support["segment"] for support in supports] == [
        {"endIndex": 8, "text": "Grüße."},
        {"startIndex": 9, "endIndex": 13, "text": "Öl!"},
    ]


def test_the_part_is_named_unless_it_is_the_first() -> None:
    assert grounding_metadata("q", "a", 2)["groundingSupports"][0]["segment"]["partIndex"] == 2


def test_pages_of_a_prompt() -> None:
    report = url_context_metadata(addresses_in("see https://example.com/a and http://example.org."))
    assert report is not None
    assert [page["retrievedUrl"] for page in report["urlMetadata"]] == [
        "https://example.com/a",
        "http://example.org.",
    ]
    assert url_context_metadata(addresses_in("none")) is None


def test_as_many_sentences_as_asked_for_and_no_more_than_there_are() -> None:
    text = "一番。二番！ Drei? 👋 four.\n"
    for supported, texts in [
        (0, []),
        (1, ["👋 four."]),
        (3, ["二番！", "Drei?", "👋 four."]),
        (9, ["一番。", "二番！", "Drei?", "👋 four."]),
    ]:
        found = grounding_metadata("q", text, 0, supported)
        segments = [support["segment"] for support in found["groundingSupports"]]
        assert [segment["text"] for segment in segments] == texts
        for segment in segments:
            quoted = text.encode()[segment.get("startIndex", 0) : segment["endIndex"]]
            assert quoted.decode() == segment["text"]
        for support in found["groundingSupports"]:
            assert max(support["groundingChunkIndices"]) < len(found["groundingChunks"])
    assert found["groundingSupports"][2]["groundingChunkIndices"] == [2, 0]


def test_a_search_needs_words() -> None:
    assert search_query("") == "news"
    assert search_query("x" * 101) == "x" * 100

import msgspec

from responses_api.gemini.attachments import (
    GroundingChunk,
    GroundingMetadata,
    GroundingSupport,
    LogprobsResult,
    LogprobsToken,
    Segment,
    Source,
    TopCandidates,
    UrlContextMetadata,
    UrlMetadata,
    decode_grounding,
    decode_logprobs,
    decode_url_context,
)


def test_grounding_with_what_proto_leaves_out() -> None:
    raw = (
        b'{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"u","title":"t","domain":"d"}},'
        b'{"image":{"sourceUri":"s"}}],"groundingSupports":[{"segment":{"endIndex":3,"text":"abc"},'
        b'"groundingChunkIndices":[0],"confidenceScores":[0.5]}],"searchEntryPoint":{}}'
    )
    assert decode_grounding(msgspec.Raw(raw)) == GroundingMetadata(
        web_search_queries=("q",),
        grounding_chunks=(
            GroundingChunk(web=Source("u", title="t")),
            GroundingChunk(image=Source(source_uri="s")),
        ),
        grounding_supports=(GroundingSupport(Segment(0, 0, 3, "abc"), (0,)),),
    )


def test_opened_pages() -> None:
    raw = b'{"urlMetadata":[{"retrievedUrl":"u","urlRetrievalStatus":"NEW"},{}]}'
    assert decode_url_context(msgspec.Raw(raw)) == UrlContextMetadata(
        (UrlMetadata("u", "NEW"), UrlMetadata())
    )


def test_log_probabilities_whole_numbers_and_none_at_all() -> None:
    raw = b'{"chosenCandidates":[{"token":"a","tokenId":7,"logProbability":-1},{"token":"b"}],"topCandidates":[{}]}'
    assert decode_logprobs(msgspec.Raw(raw)) == LogprobsResult(
        (LogprobsToken("a", -1.0), LogprobsToken("b")), (TopCandidates(),)
    )

"""What the simulator says, read by the gateway's own parser."""

from typing import Any

import pytest

from interceptor.simulator.directives import Directives
from interceptor.simulator.frames import Framing, stream_writes, whole_answer
from responses_api.core.generation_events import (
    CodeRan,
    CodeWritten,
    Finished,
    GenerationEvent,
    Grounded,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    TextDelta,
)
from responses_api.gemini.stream_parser import GeminiStreamParser

from .bodies import G2, G3, G4, answer_to, ask

JAPANESE = "[[text=東京は晴れです。気温は20°Cです！ 傘は要りません。👋🏽]] [[ground=9]]"
SEARCH: dict[str, Any] = {"tools": [{"googleSearch": {}}, {"urlContext": {}}]}
SHOWN: dict[str, Any] = {**SEARCH, "toolConfig": {"includeServerSideToolInvocations": True}}


def read(text: str, model: str = G3, *, streaming: bool = True, **rest: Any) -> list[GenerationEvent]:
    answered = answer_to(ask(text, **rest), model)
    parser = GeminiStreamParser(streaming=streaming)
    if not streaming:
        body = whole_answer(answered.chunks, Directives(), model)
        assert isinstance(body, bytes)
        return [*parser.feed(body), *parser.feed(b"")]
    writes = stream_writes(answered.chunks, Directives(), Framing.SSE, model).writes
    return [event for write in (*writes, b"") for event in parser.feed(write)]


def of[T](kind: type[T], events: list[GenerationEvent]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("chunks", [1, 7, 30])
@pytest.mark.parametrize("config", [{}, {"thinkingConfig": {"includeThoughts": True}}])
def test_every_segment_is_cited_at_its_place(streaming: bool, chunks: int, config: dict[str, Any]) -> None:
    events = read(f"{JAPANESE} [[chunks={chunks}]]", streaming=streaming, generationConfig=config, **SEARCH)
    [grounded] = of(Grounded, events)
    text = "".join(delta.text for delta in of(TextDelta, events))
    cited = [text[citation.start : citation.end] for citation in grounded.citations]
    assert list(dict.fromkeys(cited)) == ["東京は晴れです。", "気温は20°Cです！", "傘は要りません。", "👋🏽"]
    assert {citation.url for citation in grounded.citations} == {source.url for source in grounded.sources}


def test_searches_and_pages_as_steps() -> None:
    events = read("See https://example.com now", **SHOWN)
    search, page = of(HostedToolCalled, events)
    assert (search.tool, search.queries) == ("web_search", ("See https://example.com now",))
    assert (page.tool, page.urls) == ("open_page", ("https://example.com",))
    assert len(of(HostedToolAnswered, events)) == 2
    assert "https://example.com" in {source.url for source in of(Grounded, events)[0].sources}


@pytest.mark.parametrize(
    ("code", "succeeded", "images"), [("ok", True, 0), ("failed", False, 0), ("plot", True, 1)]
)
def test_programs(code: str, succeeded: bool, images: int) -> None:
    events = read(f"compute [[code={code}]]", tools=[{"codeExecution": {}}])
    assert len(of(CodeWritten, events)) == 1
    assert [ran.succeeded for ran in of(CodeRan, events)] == [succeeded]
    assert len(of(ImageMade, events)) == images


@pytest.mark.parametrize("model", ["gemini-3-pro-image", "gemini-2.5-flash-image"])
def test_pictures_without_their_drafts(model: str) -> None:
    config = {} if model.startswith("gemini-2") else {"thinkingConfig": {"includeThoughts": True}}
    assert len(of(ImageMade, read("draw [[images=2]]", model, generationConfig=config))) == 2


@pytest.mark.parametrize("streaming", [True, False])
def test_log_probabilities_of_every_word(streaming: bool) -> None:
    config = {"responseLogprobs": True, "logprobs": 2, "thinkingConfig": {"includeThoughts": True}}
    events = read(
        "[[text=a few 東京 words more]] [[chunks=9]]", G2, streaming=streaming, generationConfig=config
    )
    for delta in of(TextDelta, events):
        assert "".join(token.token for token in delta.logprobs) == delta.text
        assert all(len(token.top) == 2 for token in delta.logprobs)


def test_an_answer_over_several_calls() -> None:
    token: dict[str, Any] = {}
    said, outcomes = "", []
    for _ in range(3):
        events = read("[[hops=3]] [[text=one two three]]", G4, **token)
        said += "".join(delta.text for delta in of(TextDelta, events))
        [finished] = of(Finished, events)
        outcomes.append((finished.outcome, finished.continuation is None))
        token = {"continuationToken": finished.continuation}
    assert said == "one two three"
    assert outcomes == [("max_output_tokens", False), ("max_output_tokens", False), ("completed", True)]

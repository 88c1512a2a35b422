import base64
from typing import Any

import pytest

from interceptor.simulator.models import MODELS
from interceptor.simulator.script import merged
from interceptor.simulator.signatures import signature_error

from .bodies import G2, G3, G4, WEATHER, answer_to, ask, assert_fits, model, parts, result, texts, tools, user

THOUGHTS = {"thinkingConfig": {"includeThoughts": True}}


def chunks_of(text: str, name: str = G3, **rest: Any) -> list[dict[str, Any]]:
    return answer_to(ask(text, **rest), name).chunks


def finish(chunks: list[dict[str, Any]]) -> Any:
    return chunks[-1]["candidates"][0].get("finishReason")


@pytest.mark.parametrize("name", MODELS)
def test_every_model_answers(name: str) -> None:
    chunks = chunks_of("hello", name)
    assert "".join(texts(chunks)) == "You said: hello"
    assert finish(chunks) == "STOP"
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert {(chunk["modelVersion"], chunk["responseId"]) for chunk in chunks} == {(name, "id")}
    assert_fits("GenerateContentResponse", merged(chunks))


@pytest.mark.parametrize("name", [G2, G3, G4])
def test_usage_runs_and_adds_up(name: str) -> None:
    usages = [
        chunk["usageMetadata"]
        for chunk in chunks_of("[[chunks=5]] [[thoughts=3]]", name, generationConfig=THOUGHTS)
    ]
    for usage in usages:
        counted = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
        assert usage["totalTokenCount"] == sum(usage.get(field, 0) for field in counted)
    totals = [usage["totalTokenCount"] for usage in usages]
    assert totals == sorted(totals) and totals[0] < totals[-1]
    assert "candidatesTokenCount" not in usages[0] and usages[0]["thoughtsTokenCount"]


def test_cached_and_tool_tokens_on_request() -> None:
    usage = chunks_of("[[cached=100]] [[tool_prompt=7]]")[-1]["usageMetadata"]
    assert (usage["cachedContentTokenCount"], usage["toolUsePromptTokenCount"]) == (100, 7)
    assert usage["promptTokenCount"] >= 100


def test_thoughts_only_when_asked_for() -> None:
    shown = [part for part in parts(chunks_of("x", generationConfig=THOUGHTS)) if part.get("thought")]
    assert len(shown) == 1
    hidden = chunks_of("x")
    assert not any(part.get("thought") for part in parts(hidden))
    assert hidden[0]["usageMetadata"]["thoughtsTokenCount"] > 0


def test_no_thoughts_when_thinking_is_off() -> None:
    chunks = chunks_of(
        "x", G2, generationConfig={"thinkingConfig": {"thinkingBudget": 0, "includeThoughts": True}}
    )
    assert "thoughtsTokenCount" not in chunks[-1]["usageMetadata"]
    assert not any("thoughtSignature" in part for part in parts(chunks))


def test_a_text_turn_ends_with_an_empty_signed_part() -> None:
    chunks = chunks_of("[[chunks=3]]")
    assert len(texts(chunks)) == 3
    last = parts(chunks)[-1]
    assert last["text"] == "" and last["thoughtSignature"]
    assert "thoughtSignature" in parts([merged(chunks)])[-1]
    assert len(parts([merged(chunks)])) == 1


def test_gemini_2_signs_the_first_part_and_only_with_functions() -> None:
    assert "thoughtSignature" in parts(chunks_of("hi", G2, tools=tools(WEATHER)))[0]
    assert not any("thoughtSignature" in part for part in parts(chunks_of("hi", G2)))


def test_signatures_can_be_switched_off() -> None:
    for text in ("hi [[signature=off]]", "weather [[signature=off]]"):
        assert not any("thoughtSignature" in part for part in parts(chunks_of(text, tools=tools(WEATHER))))


@pytest.mark.parametrize(("name", "has_id"), [(G2, False), (G3, True), (G4, True)])
def test_a_named_function_is_called(name: str, has_id: bool) -> None:
    chunks = chunks_of("How is the weather?", name, tools=tools(WEATHER))
    (call,) = [part["functionCall"] for part in parts(chunks) if "functionCall" in part]
    assert call["name"] == "get_weather"
    assert call["args"] == {"city": "city", "days": 2}
    assert ("id" in call) is has_id
    assert finish(chunks) == "STOP"


def test_parallel_calls_are_signed_once_and_can_be_spread() -> None:
    together = chunks_of("[[call=get_weather*3]]", tools=tools(WEATHER))
    assert ["thoughtSignature" in part for part in together[0]["candidates"][0]["content"]["parts"]] == [
        True,
        False,
        False,
    ]
    spread = chunks_of("[[call=get_weather*3]] [[calls_spread]]", tools=tools(WEATHER))
    assert len(spread) == len(together) + 2


def test_the_loop_closes() -> None:
    """Call, result, answer: what the simulator sent is accepted when it comes back unchanged."""
    first = merged(answer_to(ask("get_weather please", tools=tools(WEATHER))).chunks)
    (call_part,) = parts([first])
    contents = [
        user("get_weather please"),
        model(call_part),
        {
            "role": "user",
            "parts": [result("get_weather", {"output": "sun"}, id=call_part["functionCall"]["id"])],
        },
    ]
    assert signature_error(MODELS[G3], contents) is None
    second = answer_to({"contents": contents, "tools": tools(WEATHER)}).chunks
    assert 'get_weather returned {"output":"sun"}.' in "".join(texts(second))


def test_text_beside_function_results_gets_an_empty_candidate() -> None:
    call = {"functionCall": {"name": "f"}, "thoughtSignature": "skip_thought_signature_validator"}
    muddled = {"role": "user", "parts": [result("f"), {"text": "and?"}]}
    body = {"contents": [user("x"), model(call), muddled]}
    (only,) = answer_to(body).chunks
    assert "content" not in only["candidates"][0]
    assert texts(answer_to(body, G2).chunks)


def test_the_token_limit_cuts_the_text() -> None:
    chunks = chunks_of("[[chunks=60]]", generationConfig={"maxOutputTokens": 20})
    usage = chunks[-1]["usageMetadata"]
    assert finish(chunks) == "MAX_TOKENS"
    assert usage["candidatesTokenCount"] + usage["thoughtsTokenCount"] == 20
    whole = "".join(texts(chunks_of("[[chunks=60]]")))
    assert whole.startswith("".join(texts(chunks)))


def test_the_token_limit_can_leave_no_text_at_all() -> None:
    chunks = chunks_of("hello", generationConfig={"maxOutputTokens": 3})
    assert texts(chunks) == [] and finish(chunks) == "MAX_TOKENS"
    assert chunks[-1]["usageMetadata"]["thoughtsTokenCount"] == 3


def test_stop_sequences_end_the_text() -> None:
    assert texts(chunks_of("[[text=one two three]]", generationConfig={"stopSequences": ["two"]})) == ["one "]


@pytest.mark.parametrize(
    "reason",
    ["SAFETY", "RECITATION", "MALFORMED_FUNCTION_CALL", "OTHER", "MISSING_THOUGHT_SIGNATURE", "LANGUAGE"],
)
def test_finish_reasons(reason: str) -> None:
    chunks = chunks_of(f"[[finish={reason}]] [[finish_message=because]]")
    assert finish(chunks) == reason
    assert chunks[-1]["candidates"][0]["finishMessage"] == "because"


def test_a_blocked_prompt_has_no_candidates() -> None:
    (only,) = chunks_of("[[block=PROHIBITED_CONTENT]]")
    assert only["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"
    assert "candidates" not in only
    assert merged([only]) == only


@pytest.mark.parametrize("hops", [2, 3])
def test_continuation_tokens_carry_the_text_across_hops(hops: int) -> None:
    body = ask(
        f"[[text=abcdefgh]] [[hops={hops}]] [[thoughts=2]]",
        tools=[{"codeExecution": {}}],
        generationConfig=THOUGHTS,
    )
    said: list[str] = []
    kinds = []
    for hop in range(hops):
        chunks = answer_to(body, G4).chunks
        said += texts(chunks)
        kinds.append([key for part in parts(chunks) for key in part if key not in ("thought", "text")])
        if hop < hops - 1:
            assert finish(chunks) == "CONTINUATION"
            body = {**body, "continuationToken": chunks[-1]["candidates"][0]["continuationToken"]}
    assert finish(chunks) == "STOP"
    assert "continuationToken" not in chunks[-1]["candidates"][0]
    assert "".join(said) == "abcdefgh"
    assert kinds == [["executableCode", "codeExecutionResult"], *[[]] * (hops - 2), ["thoughtSignature"]]


def test_a_model_that_cannot_go_on_stops_half_way() -> None:
    chunks = chunks_of("[[text=abcdefgh]] [[finish=CONTINUATION]]", G3)
    assert (texts(chunks), finish(chunks)) == (["abcd"], "CONTINUATION")
    assert "continuationToken" not in chunks[-1]["candidates"][0]


def test_no_finish_no_content_thinking_only() -> None:
    assert finish(chunks_of("x [[no_finish]]")) is None
    (only,) = chunks_of("x [[no_content]]")
    assert only["candidates"] == [{"finishReason": "STOP", "index": 0}]
    thinking = chunks_of("x [[thinking_only]] [[thoughts=2]]", generationConfig=THOUGHTS)
    assert texts(thinking) == [] and sum(part.get("thought", False) for part in parts(thinking)) == 2


@pytest.mark.parametrize("stream", [True, False])
def test_grounding_points_at_the_bytes_it_quotes(stream: bool) -> None:
    chunks = chunks_of("Wie ist das Wetter in Köln?", tools=[{"googleSearch": {}}], generationConfig=THOUGHTS)
    whole = merged(chunks)
    metadata = (chunks[-1] if stream else whole)["candidates"][0]["groundingMetadata"]
    supports = metadata["groundingSupports"]
    assert len(supports) == 2
    for support in supports:
        segment = support["segment"]
        text = parts([whole])[segment["partIndex"]]["text"].encode()
        assert text[segment.get("startIndex", 0) : segment["endIndex"]].decode() == segment["text"]
        assert max(support["groundingChunkIndices"]) < len(metadata["groundingChunks"])


@pytest.mark.parametrize(
    ("directive", "outcome", "output", "pictures"),
    [
        ("", "OUTCOME_OK", "42", 0),
        ("[[code=failed]]", "OUTCOME_FAILED", "ZeroDivisionError", 0),
        ("[[code=deadline]]", "OUTCOME_DEADLINE_EXCEEDED", "", 0),
        ("[[code=plot]]", "OUTCOME_OK", "42", 1),
    ],
)
def test_code_execution_comes_as_a_pair(directive: str, outcome: str, output: str, pictures: int) -> None:
    found = parts(chunks_of(f"compute {directive}", tools=[{"codeExecution": {}}]))
    assert found[0]["executableCode"]["code"]
    result_part = found[1]["codeExecutionResult"]
    assert result_part["outcome"] == outcome
    assert output in result_part.get("output", "")
    assert sum("inlineData" in part for part in found) == pictures


INVOCATIONS: dict[str, Any] = {"toolConfig": {"includeServerSideToolInvocations": True}}


@pytest.mark.parametrize("functions", [[], tools(WEATHER)])
def test_hosted_tools_show_their_steps_when_asked_to(functions: list[dict[str, Any]]) -> None:
    hosted: list[dict[str, Any]] = [{"googleSearch": {}}, {"urlContext": {}}]
    found = parts(chunks_of("news of https://example.com", tools=[*functions, *hosted], **INVOCATIONS))
    steps = [(key, part[key]["toolType"]) for part in found for key in part if key.startswith("tool")]
    assert steps == [
        ("toolCall", "GOOGLE_SEARCH_WEB"),
        ("toolResponse", "GOOGLE_SEARCH_WEB"),
        ("toolCall", "URL_CONTEXT"),
        ("toolResponse", "URL_CONTEXT"),
    ]
    assert found[0]["toolCall"]["args"] == {"queries": ["news of https://example.com"]}
    assert found[2]["toolCall"]["args"] == {"urls": ["https://example.com"]}
    assert all("thoughtSignature" in part for part in found[:4])


def test_hosted_tools_show_no_steps_unasked() -> None:
    found = parts(chunks_of("news", tools=[{"googleSearch": {}}]))
    assert not any("toolCall" in part for part in found)


def test_a_search_before_a_call_and_the_way_back() -> None:
    everything: dict[str, Any] = {"tools": [*tools(WEATHER), {"googleSearch": {}}], **INVOCATIONS}
    found = parts(chunks_of("weather [[search=Zürich]]", **everything))
    assert [next(iter(part)) for part in found[:3]] == ["toolCall", "toolResponse", "functionCall"]
    assert found[0]["toolCall"]["args"] == {"queries": ["Zürich"]}
    answered = {"role": "user", "parts": [result("get_weather", id=found[2]["functionCall"]["id"])]}
    second = answer_to({"contents": [user("weather"), model(*found[:3]), answered], **everything}).chunks
    assert "get_weather returned" in "".join(texts(second))


def test_without_signatures_the_steps_have_none_either() -> None:
    found = parts(chunks_of("[[signature=off]] news", tools=[{"googleSearch": {}}], **INVOCATIONS))
    assert not any("thoughtSignature" in part for part in found)


# --- pictures ---

IMAGE, OLD_IMAGE = "gemini-3-pro-image", "gemini-2.5-flash-image"


def pictures_of(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [part for part in parts(chunks) if "inlineData" in part and not part.get("thought")]


@pytest.mark.parametrize(
    ("name", "signed"), [(IMAGE, True), ("gemini-3.1-flash-image", True), (OLD_IMAGE, False)]
)
def test_an_image_model_writes_and_draws(name: str, signed: bool) -> None:
    chunks = chunks_of("a cat [[images=2]]", name)
    assert texts(chunks) == ["You said: a cat"]
    first, second = pictures_of(chunks)
    assert first["inlineData"]["mimeType"] == "image/png"
    assert base64.b64decode(first["inlineData"]["data"]).startswith(b"\x89PNG")
    assert first["inlineData"] != second["inlineData"]
    assert ["thoughtSignature" in part for part in (first, second)] == [signed, signed]
    assert finish(chunks) == "STOP"
    assert chunks[-1]["usageMetadata"]["candidatesTokenCount"] >= 2 * 1290


def test_the_kinds_of_output_can_be_chosen() -> None:
    only_text = chunks_of("a cat", IMAGE, generationConfig={"responseModalities": ["TEXT"]})
    assert (bool(texts(only_text)), pictures_of(only_text)) == (True, [])
    only_image = chunks_of("a cat", IMAGE, generationConfig={"responseModalities": ["IMAGE"]})
    assert (texts(only_image), len(pictures_of(only_image))) == ([], 1)
    assert pictures_of(chunks_of("a cat [[images=0]]", IMAGE)) == []


def test_drafts_are_thoughts() -> None:
    chunks = chunks_of("a cat", IMAGE, generationConfig=THOUGHTS)
    drafts = [part for part in parts(chunks) if "inlineData" in part and part.get("thought")]
    assert (len(drafts), len(pictures_of(chunks))) == (1, 1)


def test_log_probabilities_cover_the_text() -> None:
    chunks = chunks_of(
        "[[text=a few words more]]", G2, generationConfig={"responseLogprobs": True, "logprobs": 2}
    )
    whole = merged(chunks)["candidates"][0]["logprobsResult"]
    assert "".join(token["token"] for token in whole["chosenCandidates"]) == "a few words more"
    assert [len(top["candidates"]) for top in whole["topCandidates"]] == [2] * len(whole["chosenCandidates"])

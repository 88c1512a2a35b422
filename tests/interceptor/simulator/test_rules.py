from typing import Any

import pytest

from interceptor.simulator.models import MODELS
from interceptor.simulator.rules import rule_error
from interceptor.simulator.validation import generate_content_error

from .bodies import G2, G3, G4, WEATHER, ask, assert_fits, tools

F = {"name": "f"}
LITE = "gemini-2.5-flash-lite"


def calling(**config: Any) -> dict[str, Any]:
    return {"functionCallingConfig": config}


def thinking(**config: Any) -> dict[str, Any]:
    return ask("x", generationConfig={"thinkingConfig": config})


def config(**values: Any) -> dict[str, Any]:
    return ask("x", generationConfig=values)


def message(name: str, body: dict[str, Any], tokens: int = 1) -> str | None:
    assert generate_content_error(body) is None
    error = rule_error(MODELS[name], body, tokens)
    if error is None:
        return None
    assert_fits("ErrorBody", error.body())
    return error.message


@pytest.mark.parametrize(
    ("name", "body", "part"),
    [
        (
            G3,
            thinking(thinkingBudget=5, thinkingLevel="LOW"),
            "only one of thinking budget and thinking level",
        ),
        (G3, thinking(thinkingLevel="MINIMAL"), "Thinking level MINIMAL is not supported for this model."),
        (G4, thinking(thinkingLevel="xhigh"), "Thinking level XHIGH is not supported"),
        (G2, thinking(thinkingLevel="LOW"), "Thinking level is not supported for this model."),
        (G4, thinking(thinkingBudget=100), "Thinking budget is not supported"),
        ("gemini-2.5-pro", thinking(thinkingBudget=0), "Budget 0 is invalid."),
        (
            LITE,
            thinking(thinkingBudget=100),
            "The thinking budget 100 is invalid. Please choose a value between 512",
        ),
        (G3, ask("x", tools=tools({"name": "1f"})), "Invalid function name."),
        (G3, ask("x", tools=tools({"name": "f" * 129})), "Invalid function name."),
        (G3, ask("x", tools=tools(F, F)), "Duplicate function declaration found: f"),
        (
            G3,
            ask("x", tools=tools(*({"name": f"f{n}"} for n in range(513)))),
            "at most 512 function declarations",
        ),
        (G3, ask("x", tools=tools({**WEATHER, "parameters": {"type": "OBJECT"}})), "only one of parameters"),
        (G3, ask("x", toolConfig=calling(mode="ANY")), "requires function declarations"),
        (
            G3,
            ask("x", tools=tools(F), toolConfig=calling(mode="AUTO", allowedFunctionNames=["f"])),
            "Allowed function names should only be set",
        ),
        (
            G3,
            ask("x", tools=tools(F), toolConfig=calling(mode="ANY", allowedFunctionNames=["g"])),
            "Function name g is not one of the declared functions.",
        ),
        (
            G2,
            ask("x", tools=[*tools(F), {"googleSearch": {}}]),
            "Tool use with function calling is unsupported",
        ),
        (G3, ask("x", tools=[*tools(F), {"googleSearch": {}}]), "include_server_side_tool_invocations"),
        (
            G2,
            ask("x", tools=tools(F), generationConfig={"responseMimeType": "application/json"}),
            "Function calling with a response mime type: 'application/json' is unsupported",
        ),
        (
            G3,
            ask(
                "x",
                tools=tools(F),
                toolConfig=calling(mode="ANY"),
                generationConfig={"responseMimeType": "application/json"},
            ),
            "Function calling with a response mime type",
        ),
        (G3, config(responseJsonSchema={}), "only supported with mime types"),
        (G3, config(responseMimeType="text/html"), "allowed mimetypes"),
        (
            G3,
            config(responseMimeType="application/json", responseJsonSchema={}, responseSchema={}),
            "only one of response_schema and response_json_schema",
        ),
        (G3, config(temperature=2.1), "temperature must be in the range"),
        (G3, config(topP=1.5), "top_p must be in the range"),
        (G3, config(candidateCount=2), "Multiple candidates is not enabled"),
        (G2, config(presencePenalty=1), "Penalty is not enabled for models/gemini-2.5-flash"),
        (G2, config(logprobs=2), "logprobs requires response_logprobs"),
        (G2, config(logprobs=21, responseLogprobs=True), "range [0, 20]"),
        (G3, config(responseLogprobs=True), "Logprobs is not enabled for models/gemini-3.8-flash"),
        (G4, ask("x", cachedContent="cachedContents/1"), "Explicit caching is not supported"),
        (G3, ask("x", cachedContent="cachedContents/1"), "CachedContent not found (or permission denied)"),
        (G3, ask("x", continuationToken="QQ=="), "Continuation tokens are not supported"),
        (G4, ask("x", continuationToken="QQ=="), "Invalid continuation token."),
        (
            "gemini-2.5-pro",
            config(responseLogprobs=True),
            "Logprobs is not enabled for models/gemini-2.5-pro",
        ),
        (
            G3,
            ask(
                "x",
                tools=[*tools(F), {"googleSearch": {}}],
                toolConfig={"includeServerSideToolInvocations": True, **calling(mode="ANY")},
            ),
            "mode ANY is unsupported together with Built-in tools",
        ),
        (
            G3,
            config(responseModalities=["TEXT", "IMAGE"]),
            "modalities (TEXT, IMAGE) is not supported by the model.",
        ),
        ("gemini-3-pro-image", config(responseModalities=["AUDIO"]), "modalities:\n* TEXT, IMAGE"),
        ("gemini-3-pro-image", ask("x", tools=tools(F)), "Function calling is not enabled for models/"),
        (
            "gemini-3-pro-image",
            config(responseMimeType="application/json"),
            "JSON mode is not enabled for models/",
        ),
        ("gemini-2.5-flash-image", thinking(thinkingBudget=0), "Thinking is not enabled for this model."),
        ("gemini-2.5-flash-image", thinking(thinkingLevel="LOW"), "Thinking is not enabled for this model."),
    ],
)
def test_what_is_refused(name: str, body: dict[str, Any], part: str) -> None:
    assert part in (message(name, body) or "")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (G3, thinking(thinkingBudget=100)),
        (G3, thinking(thinkingLevel="low", includeThoughts=True)),
        ("gemini-4-hydrogen", thinking(thinkingLevel="XHIGH")),
        (G2, thinking(thinkingBudget=0)),
        (G2, thinking(thinkingBudget=-1)),
        (LITE, thinking(thinkingBudget=512)),
        (G3, ask("x", tools=tools({"name": "a.b:c-d_e"}, WEATHER))),
        (G3, ask("x", tools=tools(F), toolConfig=calling(mode="VALIDATED", allowedFunctionNames=["f"]))),
        (
            G3,
            ask(
                "x",
                tools=[*tools(F), {"googleSearch": {}}],
                toolConfig={"includeServerSideToolInvocations": True},
            ),
        ),
        (G3, ask("x", tools=tools(F), generationConfig={"responseMimeType": "application/json"})),
        (G2, config(logprobs=2, responseLogprobs=True)),
        ("gemini-3.5-flash", config(logprobs=2, responseLogprobs=True)),
        ("gemini-3-pro-image", config(responseModalities=["TEXT", "IMAGE"])),
        ("gemini-2.5-flash-image", config(responseModalities=["IMAGE"])),
        (G3, config(responseModalities=["TEXT"])),
        (G3, ask("x", tools=[{"googleSearch": {}}, {"urlContext": {}}, {"codeExecution": {}}])),
    ],
)
def test_what_is_allowed(name: str, body: dict[str, Any]) -> None:
    assert message(name, body) is None


def test_a_prompt_beyond_the_models_window() -> None:
    assert message("gemma-4-31b-it", ask("x"), 262_144) is None
    assert message("gemma-4-31b-it", ask("x"), 262_145) == (
        "The input token count (262145) exceeds the maximum number of tokens allowed (262144)."
    )

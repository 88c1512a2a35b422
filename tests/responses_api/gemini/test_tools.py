from typing import Any

import pytest

from responses_api.core.client_tools import client_tools
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.models import ModelCatalogue, ModelProfile
from responses_api.gemini.tools import Choice, ToolSetup, build_tools
from tests.responses_api.gemini.conversations import FLASH, GEMMA, PRO_25, assert_valid

PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
PAINTER = ModelCatalogue().resolve("gemini-3.1-flash-image")


def function(name: str = "f", **members: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, **members}


LOOSE = [function("f", strict=False), function("g", strict=False)]
STRICT = [function("f", strict=False), function("g")]
SPACE = {"type": "namespace", "name": "n", "tools": [function("f"), {"type": "custom", "name": "c"}]}
SEARCH = {"type": "web_search"}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}
DRAWING = {"type": "image_generation"}


def setup(
    tools: list[dict[str, Any]], choice: Choice = "auto", model: ModelProfile = FLASH
) -> tuple[ToolSetup, tuple[str, ...]]:
    notes = Adaptations()
    built = build_tools(tools, choice, model, notes)
    contents = [{"role": "user", "parts": [{"text": "q"}]}]
    assert_valid({"contents": contents, **built.body()})
    assert built.client_tools == client_tools(tools)
    return built, notes.as_tuple()


def allowed(mode: str, *entries: str | dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "allowed_tools",
        "mode": mode,
        "tools": [
            {"type": "function", "name": entry} if isinstance(entry, str) else entry for entry in entries
        ],
    }


@pytest.mark.parametrize(
    ("tools", "choice", "model", "mode", "names"),
    [
        (LOOSE, "auto", FLASH, "AUTO", ()),
        (STRICT, "auto", FLASH, "VALIDATED", ()),
        ([function(strict=None)], "auto", FLASH, "VALIDATED", ()),
        ([{"type": "custom", "name": "c"}], "auto", FLASH, "VALIDATED", ()),
        (STRICT, "auto", PRO_25, "AUTO", ()),
        (STRICT, "auto", GEMMA, "AUTO", ()),
        (STRICT, "none", FLASH, "NONE", ()),
        (STRICT, "required", FLASH, "ANY", ()),
        (STRICT, "required", PRO_25, "ANY", ()),
        (STRICT, {"type": "function", "name": "g"}, FLASH, "ANY", ("g",)),
        ([SPACE, function("f")], {"type": "function", "name": "f", "namespace": "n"}, FLASH, "ANY", ("n.f",)),
        ([SPACE, function("f")], {"type": "function", "name": "f"}, FLASH, "ANY", ("n.f", "f")),
        ([SPACE], {"type": "custom", "name": "c"}, FLASH, "ANY", ("n.c",)),
        ([function("2fa")], {"type": "function", "name": "2fa"}, FLASH, "ANY", ("_2fa",)),
        ([{"type": "apply_patch"}], {"type": "apply_patch"}, FLASH, "ANY", ("apply_patch",)),
        ([{"type": "shell"}, *LOOSE], {"type": "shell"}, FLASH, "ANY", ("shell",)),
        ([{"type": "local_shell"}], {"type": "local_shell"}, PRO_25, "ANY", ("local_shell",)),
        (STRICT, allowed("auto", "g"), FLASH, "VALIDATED", ("g",)),
        (STRICT, allowed("required", "g", "f"), FLASH, "ANY", ("g", "f")),
        (STRICT, allowed("required", "g"), PRO_25, "ANY", ("g",)),
        ([SPACE, *LOOSE], allowed("auto", {"type": "namespace", "name": "n"}, "g"), FLASH, "VALIDATED", ("n.f", "n.c", "g")),
        ([SPACE, SEARCH], {"type": "function", "name": "f"}, FLASH, "ANY", ("n.f",)),
    ],
)  # fmt: skip
def test_choices(
    tools: list[dict[str, Any]], choice: Choice, model: ModelProfile, mode: str, names: tuple[str, ...]
) -> None:
    built, notes = setup(tools, choice, model)
    assert (built.mode, built.allowed, built.hosted, notes) == (mode, names, (), ())
    assert built.has_functions
    assert not built.combines
    assert [declaration["name"] for declaration in built.declarations] == list(built.client_tools)
    config = {"mode": mode} | ({"allowedFunctionNames": list(names)} if names else {})
    assert built.body()["toolConfig"] == {"functionCallingConfig": config}


def test_before_gemini_3_functions_that_are_not_allowed_are_not_declared() -> None:
    built, _ = setup(STRICT, allowed("auto", "g"), PRO_25)
    assert (built.declarations, built.mode, built.allowed) == (({"name": "g"},), "AUTO", ())
    assert list(built.client_tools) == ["f", "g"]


def test_all_declarations_stand_in_one_entry() -> None:
    tools = [
        function("f", description="d", parameters=PARAMETERS),
        function("g", description=None, parameters=None),
        {"type": "tool_search", "execution": "client", "description": "s", "parameters": PARAMETERS},
    ]
    assert setup(tools)[0].body()["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "d", "parametersJsonSchema": PARAMETERS},
                {"name": "g"},
                {"name": "tool_search", "description": "s", "parametersJsonSchema": PARAMETERS},
            ]
        }
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"type": "object", "properties": {}, "additionalProperties": False},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "x-y": 1}}},
    ],
)
def test_empty_parameters_are_left_out(parameters: dict[str, Any]) -> None:
    assert setup([function(parameters=parameters)])[0].declarations == ({"name": "f"},)


def test_without_tools_nothing_is_sent() -> None:
    built, notes = setup([])
    assert (built.body(), notes, built.has_functions) == ({}, (), False)


def test_what_a_schema_loses_is_reported_by_function() -> None:
    parameters = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}}}
    assert setup([{"type": "namespace", "name": "n", "tools": [function(parameters=parameters)]}])[1] == (
        "function n.f, JSON Schema: pattern is told in words",
    )


def test_a_schema_that_is_too_deep_is_named_by_its_place() -> None:
    parameters: dict[str, Any] = {}
    for _ in range(70):
        parameters = {"items": parameters}
    with pytest.raises(InvalidRequest) as caught:
        setup([SEARCH, {"type": "namespace", "name": "n", "tools": [function(parameters=parameters)]}])
    assert caught.value.param == "tools[1].tools[0].parameters"


def test_too_many_functions() -> None:
    tools = [function(f"f{index}") for index in range(513)]
    with pytest.raises(InvalidRequest) as caught:
        setup(tools)
    assert (caught.value.param, caught.value.message) == (
        "tools",
        "The model takes 512 functions at most, but got 513, those in namespaces included.",
    )


GOOGLE: dict[str, Any] = {"googleSearch": {}}
PYTHON: dict[str, Any] = {"codeExecution": {}}


@pytest.mark.parametrize(
    ("tools", "choice", "model", "hosted", "functions", "notes"),
    [
        ([SEARCH], "auto", PRO_25, [GOOGLE], [], ()),
        ([CODE, SEARCH], "auto", FLASH, [PYTHON, GOOGLE], [], ()),
        ([SEARCH, CODE], "none", FLASH, [], [], ()),
        ([SEARCH], "required", FLASH, [GOOGLE], [], ("the use of web_search cannot be forced: the model decides",)),
        (
            [SEARCH, CODE, function()],
            {"type": "web_search_preview"},
            FLASH,
            [GOOGLE],
            [],
            ("the use of web_search cannot be forced: the model decides",),
        ),
        ([SEARCH, CODE, function()], allowed("auto", {"type": "code_interpreter"}), PRO_25, [PYTHON], [], ()),
        ([SEARCH, function()], "none", FLASH, [], ["f"], ()),
        ([SEARCH, function()], "auto", FLASH, [GOOGLE], ["f"], ()),
        ([SEARCH, CODE, function()], allowed("auto", "f", SEARCH), FLASH, [GOOGLE], ["f"], ()),
        (
            [SEARCH, CODE, function()],
            "required",
            FLASH,
            [],
            ["f"],
            ("web_search, code_interpreter left out: a function has to be called",),
        ),
        (
            [SEARCH, function()],
            "auto",
            PRO_25,
            [],
            ["f"],
            ("web_search is left out: gemini-2.5-pro cannot combine it with function tools",),
        ),
        (
            [{**SEARCH, "external_web_access": False}, function()],
            "auto",
            FLASH,
            [],
            ["f"],
            ("web_search is left out: there is no search without access to the web",),
        ),
        (
            [{**SEARCH, "search_context_size": "high"}],
            "auto",
            FLASH,
            [GOOGLE],
            [],
            ("web_search: search_context_size is left out: the upstream's search has no such option",),
        ),
        ([{"type": "tool_search"}, function()], "auto", FLASH, [], ["f"], ("tool_search is left out: all tools are offered from the start",)),
        (
            [DRAWING, SEARCH, function()],
            "auto",
            FLASH,
            [GOOGLE],
            ["f"],
            ("image_generation is left out: gemini-3.8-flash makes no images; gemini-3.1-flash-image does, for instance",),
        ),
    ],
)  # fmt: skip
def test_hosted_tools(
    tools: list[dict[str, Any]],
    choice: Choice,
    model: ModelProfile,
    hosted: list[dict[str, Any]],
    functions: list[str],
    notes: tuple[str, ...],
) -> None:
    built, told = setup(tools, choice, model)
    assert (list(built.hosted), [entry["name"] for entry in built.declarations]) == (hosted, functions)
    assert told == notes
    assert built.combines == bool(hosted and functions)
    assert built.response_modalities == ()


def test_functions_and_hosted_tools_together() -> None:
    built, _ = setup([SEARCH, function(), CODE], allowed("auto", "f", SEARCH))
    assert built.body() == {
        "tools": [{"functionDeclarations": [{"name": "f"}]}, GOOGLE],
        "toolConfig": {
            "functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["f"]},
            "includeServerSideToolInvocations": True,
        },
    }


def test_pictures() -> None:
    built, notes = setup([{**DRAWING, "size": "1536x1024", "quality": "high"}], "auto", PAINTER)
    assert (built.body(), built.response_modalities, built.aspect_ratio) == ({}, ("TEXT", "IMAGE"), "3:2")
    assert notes == ("image_generation: quality left out: the model decides",)
    built, _ = setup([DRAWING], {"type": "image_generation"}, PAINTER)
    assert (built.response_modalities, built.aspect_ratio) == (("TEXT", "IMAGE"), None)
    built, _ = setup([DRAWING], "none", PAINTER)
    assert built.response_modalities == ()


@pytest.mark.parametrize(
    ("tools", "choice", "model", "param", "message"),
    [
        (
            [CODE, SEARCH, function()],
            "auto",
            PRO_25,
            "tools",
            "gemini-2.5-pro cannot combine 'code_interpreter' and 'web_search' with function tools. "
            "Leave one of them out, or use a Gemini 3 or newer model.",
        ),
        (
            [DRAWING, function()],
            {"type": "image_generation"},
            FLASH,
            "tool_choice",
            "Tool choice 'image_generation' cannot be met: gemini-3.8-flash makes no images; "
            "gemini-3.1-flash-image does, for instance.",
        ),
        (
            [DRAWING],
            "required",
            FLASH,
            "tool_choice",
            "Tool choice 'image_generation' cannot be met: gemini-3.8-flash makes no images; "
            "gemini-3.1-flash-image does, for instance.",
        ),
        ([function()], {"type": "web_search"}, FLASH, "tool_choice", "Tool choice 'web_search' not found in 'tools' parameter."),
        (
            [function(), {"type": "tool_search"}],
            {"type": "tool_search"},
            FLASH,
            "tool_choice",
            "Tool choice 'tool_search' not found in 'tools' parameter.",
        ),
        ([function()], "sometimes", FLASH, "tool_choice", "This tool choice is not supported."),
    ],
)  # fmt: skip
def test_what_cannot_be_offered(
    tools: list[dict[str, Any]], choice: Choice, model: ModelProfile, param: str, message: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        setup(tools, choice, model)
    assert (caught.value.http_status, caught.value.param, caught.value.message) == (400, param, message)

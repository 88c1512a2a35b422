from typing import Any

import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.tools import Choice, ToolSetup, build_tools
from tests.responses_api.gemini.conversations import FLASH, GEMMA, PRO_25

PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def function(name: str = "f", **members: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, **members}


LOOSE = [function("f", strict=False), function("g", strict=False)]
STRICT = [function("f", strict=False), function("g")]


def setup(tools: list[dict[str, Any]], choice: Choice = "auto", model: ModelProfile = FLASH) -> ToolSetup:
    return build_tools(tools, choice, model, Adaptations())


def allowed(mode: str, *names: str) -> dict[str, Any]:
    return {
        "type": "allowed_tools",
        "mode": mode,
        "tools": [{"type": "function", "name": name} for name in names],
    }


@pytest.mark.parametrize(
    ("tools", "choice", "model", "mode", "names"),
    [
        (LOOSE, "auto", FLASH, "AUTO", ()),
        (STRICT, "auto", FLASH, "VALIDATED", ()),
        ([function(strict=None)], "auto", FLASH, "VALIDATED", ()),
        (STRICT, "auto", PRO_25, "AUTO", ()),
        (STRICT, "auto", GEMMA, "AUTO", ()),
        (STRICT, "none", FLASH, "NONE", ()),
        (STRICT, "required", FLASH, "ANY", ()),
        (STRICT, {"type": "function", "name": "g"}, FLASH, "ANY", ("g",)),
        (STRICT, allowed("auto", "g"), FLASH, "VALIDATED", ("g",)),
        (STRICT, allowed("required", "g", "f"), FLASH, "ANY", ("g", "f")),
        (STRICT, allowed("required", "g"), PRO_25, "ANY", ("g",)),
        (STRICT, allowed("auto"), FLASH, "NONE", ()),
    ],
)
def test_choices(
    tools: list[dict[str, Any]], choice: Choice, model: ModelProfile, mode: str, names: tuple[str, ...]
) -> None:
    built = setup(tools, choice, model)
    assert (built.mode, built.allowed) == (mode, names)
    assert [declaration["name"] for declaration in built.declarations] == [tool["name"] for tool in tools]
    config = built.body()["toolConfig"]["functionCallingConfig"]
    assert config == {"mode": mode} | ({"allowedFunctionNames": list(names)} if names else {})


def test_before_gemini_3_functions_that_are_not_allowed_are_not_declared() -> None:
    built = setup(STRICT, allowed("auto", "g"), PRO_25)
    assert built == ToolSetup(({"name": "g"},), "AUTO")


def test_all_declarations_stand_in_one_entry() -> None:
    tools = [
        function("f", description="d", parameters=PARAMETERS),
        function("g", description=None, parameters=None),
    ]
    assert setup(tools).body()["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "d", "parametersJsonSchema": PARAMETERS},
                {"name": "g"},
            ]
        }
    ]


@pytest.mark.parametrize(
    "parameters", [{}, {"type": "object", "properties": {}, "additionalProperties": False}]
)
def test_empty_parameters_are_left_out(parameters: dict[str, Any]) -> None:
    assert setup([function(parameters=parameters)]).declarations == ({"name": "f"},)


def test_without_tools_nothing_is_sent() -> None:
    assert setup([]).body() == {}


def test_lost_keywords_are_reported_by_function() -> None:
    notes = Adaptations()
    parameters = {"$schema": "s", "type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}}}
    build_tools([function(parameters=parameters)], "auto", FLASH, notes)
    assert notes.as_tuple() == (
        "function f: JSON Schema keyword $schema is left out",
        "function f: JSON Schema keyword pattern is left out",
    )


@pytest.mark.parametrize(
    ("tools", "choice", "param"),
    [
        ([function(), {"type": "web_search"}], "auto", "tools[1].type"),
        ([function("2fa")], "auto", "tools[0].name"),
        ([function("-x")], "auto", "tools[0].name"),
        ([function()], {"type": "web_search"}, "tool_choice"),
    ],
)
def test_what_has_no_counterpart_is_refused(tools: list[dict[str, Any]], choice: Choice, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        setup(tools, choice)
    assert (caught.value.http_status, caught.value.param) == (400, param)

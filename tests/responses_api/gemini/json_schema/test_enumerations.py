from typing import Any

import pytest

from responses_api.gemini.json_schema.enumerations import Enumeration, enumeration, fitting_values

NULL = {"type": "null"}
TOLD = "enum is told in words"


def one_of(*alternatives: dict[str, Any]) -> Enumeration:
    return Enumeration(alternatives)


@pytest.mark.parametrize(
    ("values", "types", "result"),
    [
        (["a", "b", "a"], (), one_of({"enum": ["a", "b"]})),
        ([1, 2.5, "a"], (), one_of({"enum": [1, 2.5, "a"]})),
        (["a", None], ("string",), one_of({"enum": ["a"]})),
        ([1, 1.5, True], ("integer",), one_of({"enum": [1]})),
        (["a", None], ("string", "null"), one_of({"type": "string", "enum": ["a"]}, NULL)),
        ([1, None], (), one_of({"type": "number", "enum": [1]}, NULL)),
        (["a", 1, None], (), one_of({"type": ["string", "number"], "enum": ["a", 1]}, NULL)),
        ([None], (), one_of(NULL)),
        ([True, False], (), one_of({"type": "boolean"})),
        ([True], (), Enumeration(({"type": "boolean"},), "One of the values [true].", TOLD)),
        (["", "a"], (), Enumeration(({"type": "string"},), 'One of the values ["","a"].', TOLD)),
        (["", 1], (), Enumeration(({"type": "number", "enum": [1]}, {"type": "string"}), 'One of the values ["",1].', TOLD)),
        (["a", {}], (), Enumeration(({"type": "string", "enum": ["a"]}, {"type": "object"}), 'One of the values ["a",{}].', TOLD)),
        ([[1]], ("array",), Enumeration(({"type": "array"},), "One of the values [[1]].", TOLD)),
        ([], (), Enumeration((), "One of the values [].", TOLD)),
        (["a"], ("number",), Enumeration((), 'One of the values ["a"].', TOLD)),
        ([True, "x" * 1001], (), Enumeration(({"type": "string", "enum": ["x" * 1001]}, {"type": "boolean"}), None, "enum is left out")),
    ],
)  # fmt: skip
def test_lists_of_values(values: list[Any], types: tuple[str, ...], result: Enumeration) -> None:
    assert enumeration(values, types) == result


def test_values_of_a_type() -> None:
    values = ["a", 1, 1.0, 1.5, True, None, {}, []]
    fitting = {
        kind: [values.index(value) for value in fitting_values(values, (kind,))]
        for kind in ("string", "number", "boolean", "null", "object", "array")
    }
    assert fitting == {
        "string": [0],
        "number": [1, 1, 3],
        "boolean": [1],
        "null": [5],
        "object": [6],
        "array": [7],
    }
    assert fitting_values(values, ("integer",)) == [1, 1.0]
    assert fitting_values(values, ()) == values

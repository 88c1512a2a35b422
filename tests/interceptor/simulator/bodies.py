"""Request bodies and schema checks that the simulator's tests share."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from interceptor.simulator.models import MODELS
from interceptor.simulator.record import Record
from interceptor.simulator.service import Answer, Target, generate

G4, G3, G2 = "gemini-4-carbon", "gemini-3.8-flash", "gemini-2.5-flash"
WEATHER = {
    "name": "get_weather",
    "description": "The weather somewhere",
    "parametersJsonSchema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def tools(*declarations: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"functionDeclarations": list(declarations)}]


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def result(name: str, response: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": response or {"output": "ok"}, **rest}}


def ask(text: str, **rest: Any) -> dict[str, Any]:
    return {"contents": [user(text)], **rest}


def answer_to(body: object, name: str = G3, record: Record | None = None) -> Answer:
    answered = generate(
        Target("v1beta", name, "generateContent"),
        msgspec.json.encode(body),
        record or Record.keeping(1),
        lambda: "id",
    )
    assert isinstance(answered, Answer), answered
    for chunk in answered.chunks:
        assert_fits("GenerateContentResponse", chunk)
    return answered


def texts(chunks: list[dict[str, Any]]) -> list[str]:
    """The answer's text pieces, thoughts and empty ones left out."""
    return [part["text"] for part in parts(chunks) if part.get("text") and not part.get("thought")]


def parts(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        part
        for chunk in chunks
        for candidate in chunk.get("candidates", ())
        for part in candidate.get("content", {}).get("parts", ())
    ]


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = msgspec.json.decode(Path(__file__).with_name("response_schema.json").read_bytes())
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


def assert_fits(name: str, value: object) -> None:
    """``value`` is a ``name`` of the published protocol."""
    _validator(name).validate(value)


assert {G4, G3, G2} <= set(MODELS)

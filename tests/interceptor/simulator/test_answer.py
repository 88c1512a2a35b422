import msgspec
import pytest
from jsonschema import Draft202012Validator

from interceptor.simulator.answer import cut, expected_text

from .bodies import G2, G3, WEATHER, answer_to, ask, model, parts, texts, tools, user


def say(body: object, name: str = G3) -> str:
    return "".join(texts(answer_to(body, name).chunks))


@pytest.mark.parametrize(
    "prompt", ["hello", "[[chunks=60]]", "[[text=exact]] [[chunks=3]]", "count [[delay_ms=1]]"]
)
def test_a_load_generator_can_foretell_the_text(prompt: str) -> None:
    assert say(ask(prompt)) == expected_text(prompt)


def test_the_number_of_chunks_is_exact() -> None:
    answered = answer_to(ask("[[chunks=60]] and so on"), G2)
    assert len(texts(answered.chunks)) == len(answered.chunks) == 60
    assert expected_text("[[chunks=60]]") == expected_text("other words [[chunks=60]]")


@pytest.mark.parametrize(
    ("text", "chunks"), [("abc", 3), ("abcdefg", 3), ("ab", 5), ("", 3), ("x" * 5000, None)]
)
def test_pieces_join_to_the_text(text: str, chunks: int | None) -> None:
    pieces = cut(text, chunks)
    assert "".join(pieces) == text and all(pieces)
    if chunks is not None:
        assert len(pieces) == min(chunks, len(text))


def test_the_answer_tells_what_arrived() -> None:
    image = {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}
    linked = {"fileData": {"fileUri": "https://example.com/a.pdf", "mimeType": "application/pdf"}}
    last = {"role": "user", "parts": [{"text": "look"}, image, linked]}
    body = {
        "contents": [user("a"), model({"text": "b"}), last],
        "systemInstruction": {"parts": [{"text": "s"}]},
    }
    assert say(body).splitlines() == [
        "You said: look",
        "I see image/png (3 bytes).",
        "I see application/pdf (linked).",
        "There were 2 earlier turns.",
        "I follow a system instruction.",
    ]


def test_the_request_can_be_echoed() -> None:
    body = ask("[[echo_request]]", generationConfig={"temperature": 1})
    assert msgspec.json.decode(say(body)) == body


def test_json_mode_fits_the_schema() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 4}}, "required": ["n"]}
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    value = msgspec.json.decode(say(ask("x", generationConfig=config)))
    Draft202012Validator(schema).validate(value)
    assert isinstance(
        msgspec.json.decode(say(ask("x", generationConfig={"responseMimeType": "application/json"}))), dict
    )


SHELL = {"name": "runShell"}


@pytest.mark.parametrize(
    ("text", "mode", "called"),
    [
        ("call get_weather and runShell", "AUTO", ["get_weather", "runShell"]),
        ("a shell please", "VALIDATED", ["runShell"]),
        ("hello", "AUTO", []),
        ("forget_weather_now", "AUTO", ["get_weather"]),
        ("get to the point", "AUTO", []),
        ("[[text=hello]] get_weather", "AUTO", []),
        ("[[text=hello]]", "ANY", ["get_weather"]),
        ("hello", "ANY", ["get_weather"]),
        ("get_weather", "NONE", []),
        ("[[call=runShell*2]] [[call=get_weather]]", "AUTO", ["runShell", "runShell", "get_weather"]),
        ("[[call=undeclared]]", "AUTO", ["undeclared"]),
    ],
)
def test_which_functions_are_called(text: str, mode: str, called: list[str]) -> None:
    body = ask(text, tools=tools(WEATHER, SHELL), toolConfig={"functionCallingConfig": {"mode": mode}})
    found = [part["functionCall"]["name"] for part in parts(answer_to(body).chunks) if "functionCall" in part]
    assert found == called


def test_allowed_names_limit_the_choice() -> None:
    config = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["runShell"]}}
    found = parts(answer_to(ask("get_weather", tools=tools(WEATHER, SHELL), toolConfig=config)).chunks)
    assert found[0]["functionCall"]["name"] == "runShell"


def test_directed_arguments_and_text_before_a_call() -> None:
    found = parts(
        answer_to(
            ask('[[text=hold on]] [[call=get_weather args={"city": "Rome"}]]', tools=tools(WEATHER))
        ).chunks
    )
    assert found[0] == {"text": "hold on"}
    assert found[1]["functionCall"]["args"] == {"city": "Rome"}

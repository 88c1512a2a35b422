import pytest

from responses_api.gemini.chunks import (
    Candidate,
    Chunk,
    Content,
    ErrorStatus,
    FunctionCall,
    Part,
    UnreadableChunk,
    arguments_json,
    decode_details,
    decode_payload,
)

TEXT_CHUNK = b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}'


def part(payload: bytes) -> Part:
    [chunk] = decode_payload(b'{"candidates":[{"content":{"parts":[' + payload + b"]}}]}")
    assert isinstance(chunk, Chunk)
    content = chunk.candidates[0].content
    assert content is not None
    return content.parts[0]


def test_a_chunk() -> None:
    [chunk] = decode_payload(TEXT_CHUNK)
    assert isinstance(chunk, Chunk)
    assert chunk.candidates == (Candidate(content=Content(parts=(Part(text="a"),))),)


def test_a_wrapped_chunk_takes_the_trace_id_for_its_id() -> None:
    [chunk] = decode_payload(b'{"response":' + TEXT_CHUNK + b',"traceId":"t1","consumedCredits":[]}')
    assert isinstance(chunk, Chunk)
    assert (chunk.response_id, len(chunk.candidates)) == ("t1", 1)


def test_a_wrapped_chunk_with_an_id_keeps_it() -> None:
    assert decode_payload(b'{"response":{"responseId":"r1"},"traceId":"t1"}') == (Chunk(response_id="r1"),)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"error":{"code":429,"message":"m","status":"S"}}',
        b'[{"error":{"code":429,"message":"m","status":"S"}}]',
        b' {"error":{"code":429,"message":"m","status":"S"}},\n',
        b'{"error":{"code":429,,"message":"m","status":"S",},}',
    ],
)
def test_errors_in_every_shape(payload: bytes) -> None:
    assert decode_payload(payload) == (ErrorStatus(code=429, message="m", status="S"),)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (
            b'{"error":"invalid_grant","error_description":"Token has been revoked."}',
            "Token has been revoked.",
        ),
        (b'{"error":"invalid_grant"}', "invalid_grant"),
    ],
)
def test_an_error_that_is_a_string(payload: bytes, message: str) -> None:
    assert decode_payload(payload) == (ErrorStatus(message=message),)


@pytest.mark.parametrize("payload", [b"", b"  ", b"[DONE]", b" [DONE]\n"])
def test_payloads_without_meaning(payload: bytes) -> None:
    assert decode_payload(payload) == ()


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"null",
        b"7",
        b'"text"',
        b"\xff",
        b'{"candidates":7}',
        b'{"candidates":[{"content":{"parts":[{"text":1}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"text":"\\ud800"}]}}]}',
        b"[" * 100_000,
    ],
)
def test_unreadable(payload: bytes) -> None:
    with pytest.raises(UnreadableChunk):
        decode_payload(payload)


@pytest.mark.parametrize(
    ("args", "arguments"),
    [
        (b'{ "a" : [1, 2.50, 1e400, 123456789012345678901234567890],\n "b": "x  y\\u00e9" }',
         '{"a":[1,2.50,1e400,123456789012345678901234567890],"b":"x  y\\u00e9"}'),
        ('{"é": "👋"}'.encode(), '{"é":"👋"}'),
        (b"{}", "{}"),
        (b"null", "{}"),
    ],
)  # fmt: skip
def test_arguments_are_compact_and_to_the_digit(args: bytes, arguments: str) -> None:
    call = part(b'{"functionCall":{"name":"f","args":' + args + b"}}").function_call
    assert call is not None
    assert arguments_json(call) == arguments


def test_absent_arguments() -> None:
    assert arguments_json(FunctionCall(name="f")) == "{}"


def test_arguments_that_are_no_object() -> None:
    call = part(b'{"functionCall":{"name":"f","args":[1]}}').function_call
    assert call is not None
    with pytest.raises(UnreadableChunk, match="'f'"):
        arguments_json(call)


@pytest.mark.parametrize(
    "kind",
    ["functionResponse", "inlineData", "fileData", "executableCode", "codeExecutionResult", "toolCall", "toolResponse",
     "audioTranscription"],
)  # fmt: skip
def test_other_kinds_by_name(kind: str) -> None:
    assert part(f'{{"{kind}":{{"x":1}}}}'.encode()).other_kind() == kind


def test_no_other_kind() -> None:
    assert part(b'{"text":"a","partMetadata":{}}').other_kind() is None


def test_unreadable_details_are_left_out() -> None:
    [status] = decode_payload(
        b'{"error":{"details":[7,{"retryDelay":1},{"@type":"t","reason":"R","new":{}}]}}'
    )
    assert isinstance(status, ErrorStatus)
    [detail] = decode_details(status)
    assert (detail.kind, detail.reason) == ("t", "R")

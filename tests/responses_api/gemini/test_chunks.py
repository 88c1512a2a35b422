import msgspec
import pytest

from responses_api.gemini.chunks import (
    Chunk,
    FunctionCall,
    Part,
    UnreadableChunk,
    arguments_json,
    decode_part,
    decode_payload,
    verbatim,
)
from responses_api.gemini.status import ErrorStatus

TEXT_CHUNK = b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}'
ERROR = ErrorStatus(code=429, message="m", status="S")


def raw_part(payload: bytes) -> msgspec.Raw:
    [chunk] = decode_payload(b'{"candidates":[{"content":{"parts":[' + payload + b"]}}]}")
    assert isinstance(chunk, Chunk)
    content = chunk.candidates[0].content
    assert content is not None
    return content.parts[0]


def part(payload: bytes) -> Part:
    return decode_part(raw_part(payload))


def test_a_chunk() -> None:
    [chunk] = decode_payload(TEXT_CHUNK)
    assert isinstance(chunk, Chunk)
    assert part(b'{"text":"a","thoughtSignature":"cw=="}') == Part(text="a", thought_signature="cw==")


@pytest.mark.parametrize(
    ("candidates", "finish_reason"),
    [
        (b'[{"finishReason":"A"}]', "A"),
        (b'[{"finishReason":"A","index":1},{"finishReason":"B"}]', "B"),
        (b'[{"finishReason":"A","index":0},{"finishReason":"B","index":0}]', "A"),
        (b'[{"finishReason":"A","index":null}]', "A"),
        (b'[{"finishReason":"A","index":1}]', None),
        (b"[]", None),
    ],
)
def test_the_first_candidate_of_index_zero_counts(candidates: bytes, finish_reason: str | None) -> None:
    [chunk] = decode_payload(b'{"candidates":' + candidates + b"}")
    assert isinstance(chunk, Chunk)
    candidate = chunk.candidate()
    assert (candidate.finish_reason if candidate else None) == finish_reason


def test_a_wrapped_chunk_takes_the_trace_id_for_its_id() -> None:
    [chunk] = decode_payload(b'{"response":' + TEXT_CHUNK + b',"traceId":"t1","consumedCredits":[]}')
    assert isinstance(chunk, Chunk)
    assert (chunk.response_id, len(chunk.candidates)) == ("t1", 1)


def test_a_wrapped_chunk_with_an_id_keeps_it() -> None:
    assert decode_payload(b'{"response":{"responseId":"r1"},"traceId":"t1"}')[0].response_id == "r1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"error":{"code":429,"message":"m","status":"S"}}',
        b'[{"error":{"code":429,"message":"m","status":"S"}}]',
        b' {"error":{"code":429,"message":"m","status":"S"}},\n',
        b'{"error":{"code":429,,"message":"m","status":"S",},}',
        b'{"response":{"error":{"code":429,"message":"m","status":"S"}},"traceId":"t1"}',
        b'{"code":429,"message":"m","status":"S"}',
    ],
)
def test_errors_in_every_shape(payload: bytes) -> None:
    assert decode_payload(payload) == (ERROR,)


@pytest.mark.parametrize(
    "payload",
    [b"{}", b'{"code":7}', b'{"message":"m"}', b'{"code":[],"message":"m"}', b'{"usageMetadata":{}}'],
)
def test_what_tells_no_error_is_a_chunk(payload: bytes) -> None:
    [chunk] = decode_payload(payload)
    assert isinstance(chunk, Chunk)


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
        b'{"modelVersion":"\\ud800"}',
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


def test_arguments_that_are_no_text() -> None:
    call = part(b'{"functionCall":{"name":"f","args":{"a":"\xff"}}}').function_call
    assert call is not None
    with pytest.raises(UnreadableChunk):
        arguments_json(call)


@pytest.mark.parametrize("payload", [b'{"text":1}', b'{"text":"\\ud800"}', b'{"text":"\xff"}', b"7", b"null"])
def test_unreadable_parts(payload: bytes) -> None:
    with pytest.raises(UnreadableChunk):
        part(payload)


@pytest.mark.parametrize("kind", ["functionResponse", "fileData", "audioTranscription"])
def test_foreign_kinds_by_name(kind: str) -> None:
    assert part(f'{{"{kind}":{{"x":1}}}}'.encode()).foreign_kind() == kind


def test_no_foreign_kind() -> None:
    assert part(b'{"text":"a","partMetadata":{}}').foreign_kind() is None


def test_a_part_verbatim_has_what_nobody_knows() -> None:
    payload = b'{"toolCall":{"id":"1","args":{"n":1.50}},"thoughtSignature":"cw==","newMember":[1]}'
    assert verbatim(raw_part(payload)) == msgspec.json.decode(payload)


@pytest.mark.parametrize("payload", [b"[1]", b'{"a":1e400}', b'{"a":"\xff"}'])
def test_what_cannot_be_kept_verbatim(payload: bytes) -> None:
    with pytest.raises(UnreadableChunk):
        verbatim(raw_part(payload))

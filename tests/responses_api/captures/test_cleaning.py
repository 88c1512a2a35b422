from typing import Any

import msgspec
import pytest

from responses_api.captures.cleaning import PREVIEW_CHARACTERS, Cleaner
from responses_api.captures.panes import CaptureMode

MODES: list[CaptureMode] = ["preview", "full"]
API_KEY = "zg-AbCd1234-" + "s" * 43
CANARY = "canary-with-no-form-of-a-key"
PNG = "iVBORw0KGgo" + "A" * 400


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "secret",
    [
        API_KEY,
        "AIzaSyD-0123456789_abcdefghijklmnopqrstu",
        "ya29.a0AfH6SMB-xyz_0123",
        "1//0gAbCdEfGhIjKlMnOpQrStUv",
        CANARY,
    ],
)
def test_no_secret_is_kept_wherever_it_stands(mode: CaptureMode, secret: str) -> None:
    cleaner = Cleaner(mode, secrets=[CANARY])
    document = {
        "input": [{"role": "user", "content": f"my key is {secret}, look"}],
        "tools": [{"type": "mcp", "authorization": secret, "headers": {"X-Api-Key": secret}}],
        "metadata": {"where": f"https://x.example/?key={secret}"},
    }
    kept = msgspec.json.encode(cleaner.document(document)).decode()
    kept += cleaner.body(f"plain text, Bearer {secret}".encode()).decode()
    kept += str(cleaner.headers([("Authorization", f"Bearer {secret}"), ("X-Note", secret)]))
    kept += cleaner.url(f"https://x.example/v1?key={secret}&alt=sse")
    assert secret not in kept
    assert "look" in kept
    assert "&alt=sse" in kept


@pytest.mark.parametrize(
    "name", ["Cookie", "set-cookie", "Proxy-Authorization", "x-goog-api-key", "X-Codeium-Csrf-Token"]
)
def test_secret_headers_keep_their_names_only(name: str) -> None:
    assert Cleaner("full").headers([(name, "whatever"), ("accept", "*/*")]) == [
        (name, "[redacted]"),
        ("accept", "*/*"),
    ]


def test_a_schema_may_have_a_property_named_like_a_secret() -> None:
    schema = {"properties": {"password": {"type": "string"}}}
    assert Cleaner("full").document(schema) == schema


def test_speaking_of_a_bearer_is_no_secret() -> None:
    assert Cleaner("full").document({"input": "The bearer of news"}) == {"input": "The bearer of news"}


@pytest.mark.parametrize("name", ["encrypted_content", "thoughtSignature", "thought_signature"])
@pytest.mark.parametrize("mode", MODES)
def test_what_is_sealed_is_shortened(mode: CaptureMode, name: str) -> None:
    assert Cleaner(mode).document({name: "S" * 1000}) == {name: f"{'S' * 16}… (984 more characters)"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("document", "kept"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": PNG}}, {"inlineData": {"mimeType": "image/png", "data": "[image/png, 308 bytes]"}}),
        ({"image_url": f"data:image/png;base64,{PNG}"}, {"image_url": "[image/png, 308 bytes]"}),
        ({"input_audio": {"data": PNG, "format": "wav"}}, {"input_audio": {"data": "[wav, 308 bytes]", "format": "wav"}}),
        ({"type": "image_generation_call", "result": PNG}, {"type": "image_generation_call", "result": "[base64, 308 bytes]"}),
        ({"file_data": "data:;base64,AAAA"}, {"file_data": "[data, 3 bytes]"}),
        ({"data": "a short text"}, {"data": "a short text"}),
    ],
)  # fmt: skip
def test_of_media_only_type_and_size_are_kept(mode: CaptureMode, document: Any, kept: Any) -> None:
    assert Cleaner(mode).document(document) == kept


def test_a_preview_shows_the_start_of_each_text() -> None:
    long = "x" * PREVIEW_CHARACTERS + "yy"
    shown = "x" * PREVIEW_CHARACTERS + "… (2 more characters)"
    document = {"instructions": long, "input": [{"content": long}, {"content": "short"}], "temperature": 0.5}
    kept = {"instructions": shown, "input": [{"content": shown}, {"content": "short"}], "temperature": 0.5}
    assert Cleaner("preview").document(document) == kept
    assert Cleaner("full").document(document) == document


@pytest.mark.parametrize(
    "piece",
    [
        lambda text: {
            "type": "response.output_text.delta",
            "item_id": "msg_1",
            "content_index": 0,
            "delta": text,
        },
        lambda text: {"candidates": [{"content": {"parts": [{"text": text}]}}], "modelVersion": "gemini"},
        lambda text: text,
    ],
)
def test_a_preview_of_a_text_in_pieces_shows_its_start_once(piece: Any) -> None:
    kept = [msgspec.json.encode(each).decode() for each in Cleaner("preview").pieces([piece("é" * 50)] * 100)]
    assert sum(each.count("é") for each in kept) == PREVIEW_CHARACTERS
    assert "gemini" in kept[-1] or "candidates" not in kept[-1]
    assert "50 more characters" in kept[-1]


def test_each_text_in_pieces_has_a_preview_of_its_own() -> None:
    def delta(item: str) -> Any:
        return {"type": "response.output_text.delta", "item_id": item, "delta": "x" * 200}

    def part(**extra: Any) -> Any:
        return {"parts": [{"text": "x" * 200, **extra}]}

    first = [delta("msg_1"), delta("msg_2"), part(), part(thought=True)]
    *shown, again, again_part = Cleaner("preview").pieces([*first, delta("msg_1"), part()])
    assert shown == first
    assert again["delta"] == again_part["parts"][0]["text"] == "… (200 more characters)"


@pytest.mark.parametrize("secret", [API_KEY, "AIzaSyD-0123456789_abcdefghijklmnopqrstu", CANARY])
@pytest.mark.parametrize("size", [1, 2, 7, 20, 1000])
def test_a_secret_is_found_where_it_is_cut_in_pieces(secret: str, size: int) -> None:
    text = f"It is {secret}, and {secret}."
    cuts = [text[begin : begin + size] for begin in range(0, len(text), size)]
    cleaner = Cleaner("full", secrets=[CANARY])
    deltas = cleaner.pieces([{"type": "response.output_text.delta", "delta": cut} for cut in cuts])
    chunks = cleaner.pieces([{"parts": [{"text": cut}]} for cut in cuts])
    for told in ([each["delta"] for each in deltas], [each["parts"][0]["text"] for each in chunks]):
        assert "".join(told) == "It is [redacted], and [redacted]."


def test_secrets_that_overlap_are_one() -> None:
    cleaner = Cleaner("full", secrets=["AIzaSyD-0123", "9_abcdefgh"])
    (kept,) = cleaner.pieces([{"text": "<AIzaSyD-0123456789_abcdefgh>"}])
    assert kept == {"text": "<[redacted]>"}


def test_an_event_that_repeats_a_whole_text_shows_its_start_each_time() -> None:
    done = {"type": "response.output_text.done", "text": "x" * 150}
    assert Cleaner("preview").pieces([done, done]) == [done, done]


@pytest.mark.parametrize(
    "document",
    [
        {"logprobs": [{"token": "secret"}, {"token": " word"}]},
        {"logprobsResult": {"chosenCandidates": [{"token": "secret word"}]}},
    ],
)
def test_a_preview_does_not_tell_a_text_by_its_tokens(document: Any) -> None:
    assert "secret" not in str(Cleaner("preview").document(document))
    assert Cleaner("full").document(document) == document


def test_a_body_that_is_no_json_is_a_text() -> None:
    assert Cleaner("full").body(b"upstream \xff is down") == "upstream � is down".encode()


def test_a_document_that_is_too_deep_is_cut_off() -> None:
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    assert "bottom" not in str(Cleaner("full").document(deep))


def test_the_document_itself_is_not_touched() -> None:
    document = {"input": [{"authorization": "x", "content": "y" * 300}]}
    Cleaner("preview").document(document)
    assert document == {"input": [{"authorization": "x", "content": "y" * 300}]}

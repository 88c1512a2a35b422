import base64
from typing import Any

import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.core.remote_files import FetchedFile
from responses_api.gemini.input_parts import texts, to_parts
from responses_api.gemini.models import ModelProfile
from tests.responses_api.gemini.conversations import FLASH, GEMMA, PNG, PRO_25, image, translation

URL = "https://example.com/a"


def parts(*wire: dict[str, Any], model: ModelProfile = FLASH, **circumstances: Any) -> list[dict[str, Any]]:
    return to_parts(wire, translation(model, **circumstances))


def file(data: str = "aGk=", name: str | None = None, **members: Any) -> dict[str, Any]:
    return {"type": "input_file", "filename": name, "file_data": data, **members}


def audio(format: str, data: str = "aGk=") -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": data, "format": format}}


def inline(media_type: str, data: str = "aGk=") -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def test_texts_and_refusals_without_the_empty_ones() -> None:
    content: list[dict[str, Any]] = [
        {"type": "input_text", "text": "a"},
        {"type": "output_text", "text": "", "annotations": []},
        {"type": "refusal", "refusal": "no"},
    ]
    assert parts(*content) == [{"text": "a"}, {"text": "no"}]
    assert texts(content) == ["a", "no"]


def test_media_where_only_text_may_stand() -> None:
    with pytest.raises(InvalidRequest, match="'input_image'"):
        texts([image()])


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        (f"data:image/png;base64,{PNG}", "image/png"),
        (f"data:image/jpg;base64,{PNG}", "image/jpeg"),
        (f"DATA:image/WebP;charset=x;base64,{PNG}", "image/webp"),
    ],
)
def test_images(url: str, media_type: str) -> None:
    assert parts(image(url)) == [inline(media_type, PNG)]


@pytest.mark.parametrize(
    ("detail", "level"),
    [
        ("low", "MEDIA_RESOLUTION_LOW"),
        ("high", "MEDIA_RESOLUTION_HIGH"),
        ("original", "MEDIA_RESOLUTION_ULTRA_HIGH"),
    ],
)
@pytest.mark.parametrize("wire", [image(), file("data:application/pdf;base64,aGk=")])
def test_detail_of_an_image_or_a_document(detail: str, level: str, wire: dict[str, Any]) -> None:
    how = translation(FLASH)
    [part] = to_parts([{**wire, "detail": detail}], how)
    assert part["mediaResolution"] == {"level": level}
    assert how.notes.as_tuple() == ()
    how = translation(PRO_25)
    [part] = to_parts([{**wire, "detail": detail}], how)
    assert "mediaResolution" not in part
    [note] = how.notes.as_tuple()
    assert note == f"{wire['type']}.detail is left out: gemini-2.5-pro has no resolution per part"


@pytest.mark.parametrize("model", [FLASH, PRO_25])
@pytest.mark.parametrize("detail", ["auto", None])
def test_automatic_detail_is_not_sent(model: ModelProfile, detail: str | None) -> None:
    how = translation(model)
    assert "mediaResolution" not in to_parts([image() | {"detail": detail}], how)[0]
    assert how.notes.as_tuple() == ()


def test_a_text_file_has_no_resolution() -> None:
    assert parts(file("data:text/plain;base64,aGk=", detail="low")) == [inline("text/plain")]


@pytest.mark.parametrize(
    "media_type", ["application/pdf", "text/plain", "text/markdown", "audio/mp3", "video/mp4"]
)
def test_files(media_type: str) -> None:
    assert parts(file(f"data:{media_type};base64,aGk=", "x")) == [inline(media_type)]


def test_a_file_that_is_an_image_is_an_image() -> None:
    assert parts(file(f"data:image/png;base64,{PNG}", detail="low")) == parts(image(detail="low"))


@pytest.mark.parametrize("header", ["", "data:application/octet-stream;base64,", "data:;base64,"])
@pytest.mark.parametrize(
    ("name", "media_type"),
    [("Report.PDF", "application/pdf"), ("a.b/main.rs", "text/plain"), ("x.csv", "text/csv")],
)
def test_a_files_name_tells_its_type_where_nothing_else_does(header: str, name: str, media_type: str) -> None:
    assert parts(file(f"{header}aGk=", name)) == [inline(media_type)]


def test_text_under_the_name_of_an_application_is_sent_as_plain_text_and_told() -> None:
    how = translation()
    assert to_parts([file("data:application/json;base64,aGk=")], how) == [inline("text/plain")]
    assert how.notes.as_tuple() == ("a file of type application/json is sent as text/plain",)


@pytest.mark.parametrize(
    ("format", "media_type"), [("wav", "audio/wav"), ("MP3", "audio/mp3"), ("flac", "audio/flac")]
)
def test_audio(format: str, media_type: str) -> None:
    assert parts(audio(format)) == [inline(media_type)]


def test_what_was_fetched_stands_in_the_place_of_its_address() -> None:
    content = b"\x89PNG"
    encoded = base64.b64encode(content).decode()
    files = {URL: FetchedFile("image/png", content)}
    assert parts(image(URL, detail="low"), files=files) == parts(
        image(f"data:image/png;base64,{encoded}", detail="low")
    )
    files = {URL: FetchedFile("text/csv", content)}
    assert parts({"type": "input_file", "file_url": URL}, files=files) == [inline("text/csv", encoded)]
    both = file("data:text/plain;base64,aGk=", file_url=URL)
    assert parts(both, files=files) == [inline("text/plain")]


@pytest.mark.parametrize(
    ("wire", "what", "code"),
    [
        (image(URL), "not read in this place", "invalid_image_url"),
        (
            image("data:image/gif;base64,R0lGODlh"),
            "image/gif.*image/heic, .*image/png",
            "unsupported_image_media_type",
        ),
        (image("data:application/pdf;base64,aGk="), "application/pdf", "unsupported_image_media_type"),
        ({"type": "input_image", "file_id": "file_1"}, "file_id", None),
        ({"type": "input_image", "image_url": None}, "file_id", None),
        ({"type": "input_file", "file_id": "file_1"}, "file_id", None),
        ({"type": "input_file", "file_data": "", "file_url": ""}, "file_id", None),
        ({"type": "input_file", "file_url": URL}, "not read in this place", "invalid_value"),
        (file("aGk="), "data URI", None),
        (file("aGk=", "unknown.zzz"), "data URI", None),
        (file("aGk=", "pdf"), "data URI", None),
        (file("data:text/plain,hi", "a.txt"), "data URI", None),
        (file("data:application/zip;base64,aGk="), "application/zip.*audio/wav.*text/", "invalid_value"),
        (file("data:text/plain;base64,?"), "valid base64", None),
        (file("data:text/plain;base64,aGk=\n"), "valid base64", None),
        (file("data:text/plain;base64,"), "holds no data", None),
        (audio("pcm16"), "'pcm16'.*wav, mp3", None),
        ({"type": "input_video", "input_video": {}}, "input_video", None),
    ],
)
def test_what_cannot_be_carried_is_refused_and_not_dropped(
    wire: dict[str, Any], what: str, code: str | None
) -> None:
    with pytest.raises(InvalidRequest, match=what) as caught:
        parts(wire)
    assert (caught.value.http_status, caught.value.param, caught.value.code) == (400, "input", code)


@pytest.mark.parametrize(
    ("wire", "supported"),
    [
        (audio("wav"), "none"),
        (file("data:application/pdf;base64,aGk="), r"image/heic, .*video/x-flv, text/\*"),
    ],
)
def test_what_this_model_does_not_read_is_named_with_what_it_reads(
    wire: dict[str, Any], supported: str
) -> None:
    with pytest.raises(
        InvalidRequest, match=rf"gemma-4-31b-it does not read .* Supported types: {supported}\.$"
    ):
        parts(wire, model=GEMMA)

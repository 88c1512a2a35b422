from typing import Any

import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.input_parts import texts, to_parts
from tests.responses_api.gemini.conversations import FLASH, PNG, PRO_25, image


def test_texts_and_refusals_without_the_empty_ones() -> None:
    content: list[dict[str, Any]] = [
        {"type": "input_text", "text": "a"},
        {"type": "output_text", "text": "", "annotations": []},
        {"type": "refusal", "refusal": "no"},
    ]
    assert to_parts(content, FLASH, Adaptations()) == [{"text": "a"}, {"text": "no"}]
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
    assert to_parts([image(url)], FLASH, Adaptations()) == [
        {"inlineData": {"mimeType": media_type, "data": PNG}}
    ]


@pytest.mark.parametrize(
    ("detail", "level"),
    [
        ("low", "MEDIA_RESOLUTION_LOW"),
        ("high", "MEDIA_RESOLUTION_HIGH"),
        ("original", "MEDIA_RESOLUTION_ULTRA_HIGH"),
    ],
)
def test_detail_of_an_image(detail: str, level: str) -> None:
    notes = Adaptations()
    [part] = to_parts([image(detail=detail)], FLASH, notes)
    assert part["mediaResolution"] == {"level": level}
    assert notes.as_tuple() == ()
    [part] = to_parts([image(detail=detail)], PRO_25, notes)
    assert "mediaResolution" not in part
    assert notes.as_tuple() == ("input_image.detail is left out: gemini-2.5-pro has no resolution per image",)


@pytest.mark.parametrize("model", [FLASH, PRO_25])
def test_automatic_detail_is_not_sent(model: Any) -> None:
    notes = Adaptations()
    assert "mediaResolution" not in to_parts([image(detail="auto")], model, notes)[0]
    assert notes.as_tuple() == ()


@pytest.mark.parametrize("media_type", ["application/pdf", "text/plain", "text/markdown"])
def test_files(media_type: str) -> None:
    wire = {"type": "input_file", "filename": "x", "file_data": f"data:{media_type};base64,aGk="}
    assert to_parts([wire], FLASH, Adaptations()) == [
        {"inlineData": {"mimeType": media_type, "data": "aGk="}}
    ]


@pytest.mark.parametrize(
    ("wire", "what"),
    [
        (image("https://example.com/a.png"), "data URI"),
        (image("data:image/gif;base64,R0lGODlh"), "image/gif"),
        ({"type": "input_image", "file_id": "file_1"}, "file_id"),
        ({"type": "input_image", "image_url": None}, "file_id"),
        ({"type": "input_file", "file_id": "file_1"}, "file_id"),
        ({"type": "input_file", "file_url": "https://example.com/a.pdf"}, "file_url"),
        ({"type": "input_file", "file_data": "aGk="}, "data URI"),
        ({"type": "input_file", "file_data": "data:application/zip;base64,aGk="}, "application/zip"),
        ({"type": "input_file", "file_data": "data:text/plain;base64,?"}, "valid base64"),
        ({"type": "input_file", "file_data": "data:text/plain;base64,aGk=\n"}, "valid base64"),
        ({"type": "input_audio", "input_audio": {}}, "input_audio"),
    ],
)
def test_what_cannot_be_carried_is_refused_and_not_dropped(wire: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidRequest, match=what) as caught:
        to_parts([wire], FLASH, Adaptations())
    assert (caught.value.http_status, caught.value.param) == (400, "input")

import pytest

from responses_api.gemini.media import (
    by_audio_format,
    by_name,
    kind_of,
    normal,
    readable,
    readable_formats,
)
from responses_api.gemini.models import MEDIA
from tests.responses_api.gemini.conversations import FLASH, GEMMA


@pytest.mark.parametrize(
    ("media_type", "usual", "kind"),
    [
        ("image/PNG", "image/png", "image"),
        ("image/jpg", "image/jpeg", "image"),
        ("image/gif", "image/gif", None),
        ("application/pdf", "application/pdf", "pdf"),
        ("application/x-pdf", "application/pdf", "pdf"),
        ("audio/x-wav", "audio/wav", "audio"),
        ("audio/mpeg", "audio/mpeg", "audio"),
        ("video/mp4", "video/mp4", "video"),
        ("text/x-anything", "text/x-anything", "text"),
        ("application/JSON", "text/plain", "text"),
        ("application/zip", "application/zip", None),
        ("", "", None),
    ],
)
def test_kinds(media_type: str, usual: str, kind: str | None) -> None:
    assert normal(media_type) == usual
    assert kind_of(usual) == kind
    assert kind is None or kind == "text" or kind in MEDIA


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.pdf", "application/pdf"),
        ("a.tar.MD", "text/markdown"),
        ("photo.JPG", "image/jpeg"),
        ("voice.mp3", "audio/mp3"),
        ("clip.mp4", "video/mp4"),
        ("Makefile", None),
        ("archive.zip", None),
        ("pdf", None),
        ("", None),
    ],
)
def test_what_a_name_tells(name: str, media_type: str | None) -> None:
    assert by_name(name) == media_type


def test_audio_formats() -> None:
    assert [by_audio_format(name) for name in readable_formats().split(", ")] == [
        f"audio/{name}" for name in ("wav", "mp3", "aiff", "aac", "ogg", "flac")
    ]
    assert by_audio_format("pcm16") is None


def test_the_list_of_what_a_model_reads_is_cut_to_the_place_and_the_model() -> None:
    assert readable(FLASH, frozenset({"pdf", "text"})) == "application/pdf, text/*"
    assert readable(GEMMA, frozenset({"pdf", "text"})) == "text/*"
    assert readable(GEMMA, frozenset({"audio"})) == "none"

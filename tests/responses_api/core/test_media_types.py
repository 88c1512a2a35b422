import pytest

from responses_api.core.media_types import UnreadableType, accepted_type
from responses_api.core.remote_files import RemoteKind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
JPEG = b"\xff\xd8\xff\xe0" + bytes(8)
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "
HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(8)
HEIF = b"\x00\x00\x00\x18ftypmif1" + bytes(8)
AVIF = b"\x00\x00\x00\x18ftypavif" + bytes(8)
GIF = b"GIF89a" + bytes(8)
PDF = b"%PDF-1.7\n"


@pytest.mark.parametrize(
    ("kind", "declared", "data", "accepted"),
    [
        ("image", "image/png", PNG, "image/png"),
        ("image", "image/jpeg", JPEG, "image/jpeg"),
        ("image", "image/jpg", JPEG, "image/jpeg"),
        ("image", "image/webp", WEBP, "image/webp"),
        ("image", "image/heic", HEIC, "image/heic"),
        ("image", "image/heic", HEIF, "image/heic"),
        ("image", "image/heif", HEIF, "image/heif"),
        ("image", "application/octet-stream", PNG, "image/png"),
        ("image", "binary/octet-stream", HEIC, "image/heic"),
        ("image", "", JPEG, "image/jpeg"),
        ("file", "application/pdf", PDF, "application/pdf"),
        ("file", "application/pdf", b"junk before it\n" + PDF, "application/pdf"),
        ("file", "application/octet-stream", PDF, "application/pdf"),
        ("file", "text/plain", b"hello", "text/plain"),
        ("file", "text/csv", PDF, "text/csv"),
    ],
)
def test_what_the_model_reads_is_accepted(
    kind: RemoteKind, declared: str, data: bytes, accepted: str
) -> None:
    assert accepted_type(kind, declared, data) == accepted


@pytest.mark.parametrize(
    ("kind", "declared", "data"),
    [
        ("image", "image/gif", GIF),
        ("image", "image/svg+xml", b"<svg/>"),
        ("image", "image/avif", AVIF),
        ("image", "text/html", b"<html>"),
        ("image", "application/pdf", PDF),
        ("image", "application/octet-stream", GIF),
        ("image", "application/octet-stream", AVIF),
        ("image", "application/octet-stream", b"MZ"),
        ("image", "image/png", JPEG),
        ("image", "image/png", b"<html>"),
        ("image", "image/heic", AVIF),
        ("image", "image/heic", b""),
        ("file", "image/png", PNG),
        ("file", "application/octet-stream", b"hello"),
        ("file", "application/pdf", b"<html>"),
        ("file", "application/zip", b"PK\x03\x04"),
    ],
)
def test_everything_else_is_not(kind: RemoteKind, declared: str, data: bytes) -> None:
    with pytest.raises(UnreadableType):
        accepted_type(kind, declared, data)


def test_a_refusal_lists_what_is_supported() -> None:
    with pytest.raises(
        UnreadableType, match="'image/gif'.*image/png, image/jpeg, image/webp, image/heic, image/heif"
    ):
        accepted_type("image", "image/gif", GIF)
    with pytest.raises(UnreadableType, match=r"application/pdf and text/\*"):
        accepted_type("file", "application/zip", b"PK\x03\x04")

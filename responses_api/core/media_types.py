"""Of what type a downloaded image or file is, and whether the model reads it.

Pure. What the sender says counts, as far as the first bytes agree; where it says nothing,
the first bytes alone.
"""

from typing import Final, assert_never

from responses_api.core.remote_files import RemoteKind
from responses_api.core.validation import quoted

IMAGE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
"""Images that the model reads."""
PDF: Final = "application/pdf"

_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_SYNONYMS = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "application/x-pdf": PDF}
_HEIF_FAMILY = frozenset({"image/heic", "image/heif"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_HEIF_BRANDS = frozenset({b"heif", b"mif1", b"msf1"})
_PDF_HEADER_WITHIN = 1024
"""Bytes among which readers look for a PDF's header."""


class UnreadableType(ValueError):
    """The model does not read this; the text says what it is, to follow a name and precede a full stop."""


def accepted_type(kind: RemoteKind, declared: str, data: bytes) -> str:
    """The media type under which ``data`` goes to the model.

    Args:
        kind: what it was asked for as.
        declared: the sender's media type in lower case, without parameters.
        data: the content, or at least its first KiB.

    Raises:
        UnreadableType: the type is not supported, or the content is of another type.
    """
    stated = _SYNONYMS.get(declared, declared)
    seen = _seen(data)
    effective = (seen or "application/octet-stream") if stated in _SAYS_NOTHING else stated
    if not _is_supported(kind, effective):
        raise UnreadableType(f"is of type {quoted(effective)}, which is not supported; {_supported(kind)}")
    if not effective.startswith("text/") and not _agree(effective, seen):
        raise UnreadableType(
            f"is declared as {quoted(effective)}, but its content is {quoted(seen) if seen else 'not'}"
        )
    return effective


def _is_supported(kind: RemoteKind, media_type: str) -> bool:
    match kind:
        case "image":
            return media_type in IMAGE_TYPES
        case "file":
            return media_type == PDF or media_type.startswith("text/")
        case _:
            assert_never(kind)


def _supported(kind: RemoteKind) -> str:
    types = ", ".join(IMAGE_TYPES) if kind == "image" else f"{PDF} and text/*"
    return f"supported types: {types}"


def _agree(stated: str, seen: str | None) -> bool:
    return stated == seen or {stated, seen} <= _HEIF_FAMILY


def _seen(data: bytes) -> str | None:
    """The type that the first bytes show; None where they show none of those known here."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return "image/heic" if brand in _HEIC_BRANDS else "image/heif" if brand in _HEIF_BRANDS else None
    return PDF if b"%PDF-" in data[:_PDF_HEADER_WITHIN] else None

"""Media types: what kind of thing each is, and what a file's name or format tells about it. Pure.

Source: file input, audio and document pages of the Gemini API, November 2026.
"""

from collections.abc import Mapping

from responses_api.core.media_types import IMAGE_TYPES, PDF
from responses_api.gemini.models import ModelProfile

TEXT = "text"
"""The kind that every model reads; the others are those of ``MEDIA``."""
PLAIN_TEXT = "text/plain"

_TEXT_IN_DISGUISE = frozenset(
    {
        "application/ecmascript",
        "application/javascript",
        "application/json",
        "application/jsonl",
        "application/sql",
        "application/toml",
        "application/typescript",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(IMAGE_TYPES, "image"),
    PDF: "pdf",
    **{f"audio/{name}": "audio" for name in "wav mp3 mpeg aiff aac ogg flac".split()},
    **{f"video/{name}": "video" for name in "mp4 mpeg mov quicktime avi x-flv mpg webm wmv 3gpp".split()},
}
_SYNONYMS = {
    "image/jpg": "image/jpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "application/x-pdf": PDF,
}
_AUDIO_FORMATS = {name: f"audio/{name}" for name in ("wav", "mp3", "aiff", "aac", "ogg", "flac")}
_BY_EXTENSION: Mapping[str, str] = {
    "pdf": PDF,
    "html": "text/html",
    "htm": "text/html",
    "css": "text/css",
    "csv": "text/csv",
    "xml": "text/xml",
    "rtf": "text/rtf",
    "md": "text/markdown",
    "jpg": "image/jpeg",
    **{name: f"image/{name}" for name in ("png", "jpeg", "webp", "heic", "heif")},
    **_AUDIO_FORMATS,
    "mp4": "video/mp4",
    **dict.fromkeys(
        (
            "txt text log json jsonl ndjson yaml yml toml ini cfg conf tsv tex rst adoc sql sh bash ps1 bat "
            "py pyi ipynb js mjs cjs ts tsx jsx java kt kts c h cc cpp hpp cs go rs rb php pl lua r swift "
            "scala dart vue svelte gradle proto graphql diff patch env lock"
        ).split(),
        PLAIN_TEXT,
    ),
}


def normal(media_type: str) -> str:
    """``media_type`` in lower case and under its usual name; text under another name is plain text."""
    lower = media_type.lower()
    return PLAIN_TEXT if lower in _TEXT_IN_DISGUISE else _SYNONYMS.get(lower, lower)


def kind_of(media_type: str) -> str | None:
    """One of ``MEDIA``, or ``TEXT``; None for what no model reads."""
    return TEXT if media_type.startswith("text/") else _KINDS.get(media_type)


def by_name(filename: str) -> str | None:
    """The media type that a file's name tells."""
    return _BY_EXTENSION.get(filename.lower().rpartition(".")[2]) if "." in filename else None


def by_audio_format(name: str) -> str | None:
    """The media type of a format of ``input_audio``."""
    return _AUDIO_FORMATS.get(name.lower())


def readable(model: ModelProfile, kinds: frozenset[str]) -> str:
    """The media types of ``kinds`` that ``model`` reads, as a list for people."""
    wanted = kinds & (model.media | {TEXT})
    named = sorted(media_type for media_type, kind in _KINDS.items() if kind in wanted)
    return ", ".join([*named, *(["text/*"] if TEXT in wanted else [])]) or "none"


def readable_formats() -> str:
    """The formats of ``input_audio``, as a list for people."""
    return ", ".join(_AUDIO_FORMATS)

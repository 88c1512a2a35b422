"""The images and files that a conversation names by web address, and what came of fetching them.

Pure. Which addresses may be asked at all, and the asking, is the gateway's
(``responses_api.remote_files.fetching``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from responses_api.core.conversation import ConversationItem, WireItem

type RemoteKind = Literal["image", "file"]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One thing to be fetched."""

    url: str
    """As the client wrote it; nothing about it has been checked."""
    kind: RemoteKind
    """What it has to be: ``image`` of an ``input_image``, ``file`` of an ``input_file``."""
    param: str = "input"
    """The request parameter that names it, for an error."""


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What a URL led to."""

    media_type: str
    """Lower case, without parameters; one that the upstream reads."""
    data: bytes
    """The whole content, not empty, in no transfer or content coding."""


def remote_files(items: Iterable[ConversationItem], path: str | None = None) -> list[RemoteFile]:
    """What the messages and tool outputs among ``items`` name by web address, in their order.

    A URL that is named twice is listed twice. Data URLs are no web addresses, and a file
    that brings its data needs no address.

    Args:
        items: in canonical form.
        path: the request parameter that holds just these items. Then each find is named by its
            own place in it, such as ``input[0].content[1].image_url``; without it by ``input``.
    """
    return [
        RemoteFile(url, kind, f"{path}[{number}].{place}" if path else "input")
        for number, item in enumerate(items)
        for place, url, kind in _in_item(item.wire)
    ]


def _in_item(wire: WireItem) -> Iterator[tuple[str, str, RemoteKind]]:
    member = "content" if wire["type"] == "message" else "output"
    parts = wire.get(member)
    if not isinstance(parts, list):
        return
    for number, part in enumerate(parts):
        match part:
            case {"type": "input_image", "image_url": str(url)} if not _holds_data(url):
                yield f"{member}[{number}].image_url", url, "image"
            case {"type": "input_file", "file_url": str(url)} if not (
                part.get("file_data") or _holds_data(url)
            ):
                yield f"{member}[{number}].file_url", url, "file"


def _holds_data(url: str) -> bool:
    return url[:5].lower() == "data:"

"""What the server's own work leaves among the parts of an answer: programs, searches, pictures. Pure."""

import base64
import struct
import zlib

from .directives import CODE_OUTCOMES
from .models import Model
from .signatures import sign
from .values import JsonObject, Part

_PROGRAM = "print(6 * 7)\n"
_FAILING_PROGRAM = "print(6 / 0)\n"
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "<string>", line 1, in <module>\n'
    "ZeroDivisionError: division by zero\n"
)
_SIDE = 8


def _png(color: bytes) -> bytes:
    """A square picture of one colour (RGB), small and real."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    rows = (b"\0" + color * _SIDE) * _SIDE
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


_COLORS = (b"\xff\xc8\x00", b"\x00\x80\xff", b"\x20\xa0\x40")


def picture(number: int) -> Part:
    """Picture number ``number`` as a part; neighbours differ."""
    data = base64.b64encode(_png(_COLORS[number % len(_COLORS)])).decode()
    return {"inlineData": {"mimeType": "image/png", "data": data}}


def program(outcome: str) -> list[Part]:
    """A program and how it ended; ``outcome`` as in ``[[code=...]]``."""
    match outcome:
        case "failed":
            code, output = _FAILING_PROGRAM, _TRACEBACK
        case "deadline":
            code, output = "while True: pass\n", ""
        case _:
            code, output = _PROGRAM, "42\n"
    result: JsonObject = {"outcome": CODE_OUTCOMES[outcome]} | ({"output": output} if output else {})
    parts: list[Part] = [
        {"executableCode": {"language": "PYTHON", "code": code}},
        {"codeExecutionResult": result},
    ]
    return [*parts, picture(0)] if outcome == "plot" else parts


def search(model: Model, query: str, identity: str, *, signed: bool) -> list[Part]:
    """A web search as parts, the way it appears when server-side invocations are asked for."""
    response = {"search_suggestions": '<div class="simulated">search suggestions</div>'}
    return _invocation(model, "GOOGLE_SEARCH_WEB", {"queries": [query]}, response, identity, signed=signed)


def opened_pages(model: Model, addresses: list[str], identity: str, *, signed: bool) -> list[Part]:
    """The reading of web pages as parts."""
    report = [
        {"retrievedUrl": address, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}
        for address in addresses
    ]
    response = {"urlMetadata": report}
    return _invocation(model, "URL_CONTEXT", {"urls": addresses}, response, identity, signed=signed)


def _invocation(
    model: Model, tool: str, args: JsonObject, response: JsonObject, identity: str, *, signed: bool
) -> list[Part]:
    run = {"id": identity, "toolType": tool}
    parts: list[Part] = [{"toolCall": {**run, "args": args}}, {"toolResponse": {**run, "response": response}}]
    if signed:
        for part in parts:
            part["thoughtSignature"] = sign(model, part)
    return parts

"""The Connect protocol as far as it is spoken here: JSON over HTTP/1.1, errors and envelopes.

Pure. Source: connectrpc.com/docs/protocol (unary errors, streaming envelopes).
"""

import struct
from typing import Any

import msgspec

END_OF_STREAM = 0x02
"""Flag of the last envelope of a stream."""

_HEADER = struct.Struct(">BI")

_HTTP_STATUS = {
    "invalid_argument": 400,
    "unauthenticated": 401,
    "unimplemented": 404,
    "resource_exhausted": 429,
    "unknown": 500,
}


class ConnectError(Exception):
    """An RPC that failed.

    Attributes:
        code: Connect's error code, e.g. ``unauthenticated``.
        message: for the caller.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """Status of a unary answer that carries this error."""
        return _HTTP_STATUS[self.code]

    def body(self) -> dict[str, str]:
        """The error's JSON form ``{code, message}``."""
        return {"code": self.code, "message": self.message}


def envelope(message: dict[str, Any], flags: int = 0) -> bytes:
    """One streamed message: flag byte, 4-byte big-endian length, JSON."""
    payload = msgspec.json.encode(message)
    return _HEADER.pack(flags, len(payload)) + payload


def end_of_stream(error: ConnectError | None = None) -> bytes:
    """The last envelope of a stream; the HTTP status stays 200 also with an error."""
    return envelope({"error": error.body()} if error else {}, END_OF_STREAM)


def open_envelope(body: bytes) -> bytes:
    """The payload of a request body that is exactly one envelope.

    Raises:
        ConnectError: it is not, or it is compressed.
    """
    if len(body) < _HEADER.size:
        raise ConnectError("invalid_argument", "protocol error: incomplete envelope")
    flags, length = _HEADER.unpack_from(body)
    payload = body[_HEADER.size :]
    if flags:
        raise ConnectError("invalid_argument", f"protocol error: unsupported envelope flags {flags:#04x}")
    if len(payload) != length:
        raise ConnectError("invalid_argument", "protocol error: envelope and body differ in length")
    return payload

"""The client's side of the Connect protocol, JSON over HTTP: errors, and envelopes of a stream. Pure.

Source: connectrpc.com/docs/protocol.
"""

import struct
from typing import Any, Final

import msgspec

from responses_api.core.errors import UpstreamFault
from responses_api.gemini.redaction import redact

_HEADER: Final = struct.Struct(">BI")
_END_OF_STREAM: Final = 0x02
_LONGEST_END: Final = 64 * 1024
"""Bytes that a stream's last envelope may have."""

_MEANINGS: Final = {
    "canceled": "cancelled the call",
    "unknown": "failed",
    "invalid_argument": "does not understand the call",
    "deadline_exceeded": "did not answer in time",
    "not_found": "does not know what was asked for",
    "already_exists": "has that already",
    "permission_denied": "does not permit the call",
    "resource_exhausted": "is overloaded, or its account's quota is used up",
    "failed_precondition": "is in no state for the call",
    "aborted": "gave the call up",
    "out_of_range": "does not understand the call",
    "unimplemented": "does not offer the call",
    "internal": "failed",
    "unavailable": "is not ready",
    "data_loss": "lost data",
    "unauthenticated": "does not accept this gateway's token",
}
"""Connect's error codes, as what the language server did."""


class LanguageServerFault(UpstreamFault):
    """The language server cannot be reached, or answered with an error. Always a 502."""

    http_status = 502
    code = "language_server_error"


class LanguageServerUnreachable(LanguageServerFault):
    """No answer came: the same call may succeed a moment later."""


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _End(msgspec.Struct):
    error: _Error | None = None


def refusal(method: str, http_status: int, body: bytes) -> LanguageServerFault:
    """The fault for an answer that is no success.

    Args:
        method: Name of the RPC.
        http_status: Status of the answer.
        body: ``{"code", "message"}``, or anything.
    """
    try:
        error = msgspec.json.decode(body, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = _Error()
    return _fault(method, error, f"answered with HTTP status {http_status}")


def unreadable(method: str) -> LanguageServerFault:
    """The fault for an answer that is not of the form that was agreed on."""
    return LanguageServerFault(f"The language server's answer to {method} cannot be read.")


def _fault(method: str, error: _Error, otherwise: str) -> LanguageServerFault:
    did = _MEANINGS.get(error.code, otherwise)
    said = f": {redact(error.message)}" if error.message else "."
    return LanguageServerFault(f"The language server {did} ({method}){said}")


def envelope(message: dict[str, Any]) -> bytes:
    """The body of a streaming call's request."""
    payload = msgspec.json.encode(message)
    return _HEADER.pack(0, len(payload)) + payload


class EnvelopeCounter:
    """Reads a stream of envelopes for their number alone: what is in them is passed over.

    Args:
        method: Name of the RPC, for faults.
    """

    def __init__(self, method: str) -> None:
        self._method = method
        self._buffer = bytearray()
        self._skip = 0
        self.ended = False
        """Whether the stream's last envelope has come."""

    def feed(self, data: bytes) -> int:
        """Take in one network read, cut anywhere; how many messages it completed.

        Raises:
            LanguageServerFault: the stream ended with an error, or is none.
        """
        self._buffer += data
        count = 0
        while not self.ended:
            if self._skip:
                skipped = min(self._skip, len(self._buffer))
                del self._buffer[:skipped]
                self._skip -= skipped
                if self._skip:
                    break
                count += 1
            if len(self._buffer) < _HEADER.size:
                break
            flags, length = _HEADER.unpack_from(self._buffer)
            if flags & _END_OF_STREAM:
                if not self._read_end(length):
                    break
            else:
                del self._buffer[: _HEADER.size]
                self._skip = length
                count += not length
        return count

    def _read_end(self, length: int) -> bool:
        """Whether the last envelope is here, whole."""
        if length > _LONGEST_END:
            raise unreadable(self._method)
        if len(self._buffer) < _HEADER.size + length:
            return False
        self.ended = True
        try:
            end = msgspec.json.decode(bytes(self._buffer[_HEADER.size :][:length]) or b"{}", type=_End)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unreadable(self._method) from None
        if end.error is not None:
            raise _fault(self._method, end.error, "ended the stream with an error")
        return True

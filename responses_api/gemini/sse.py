"""Server-sent events, decoded: bytes cut anywhere in, payloads out.

Pure. First step of the path ``bytes -> SseDecoder -> chunks -> GeminiStreamParser``.
Follows the parsing rules of the HTML standard (section 9.2, "Server-sent events") with the
two liberties that the Gemini protocol needs: the last frame may lack its blank line, and an
error body may stand in the stream as bare JSON without ``data:`` in front.
"""

_FIELDS = frozenset({b"data", b"event", b"id", b"retry"})
_DATA = b"data:"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

RAW_LIMIT = 64 * 1024
"""Bytes kept of what is not SSE at all; an error body is far smaller."""


class SseDecoder:
    """Splits a response body into the payloads of its frames.

    Lines end in CR, LF or CRLF and in nothing else: JSON text may hold U+2028, U+2029 and
    U+0085 unescaped. Everything happens on bytes, so a cut inside a UTF-8 character or
    between CR and LF cannot matter.
    """

    def __init__(self) -> None:
        self._tail: list[bytes] = []
        self._after_cr = False
        self._data: list[bytes] = []
        self._raw: list[bytes] = []
        self._raw_size = 0
        self._line_count = 0
        self._frame_count = 0
        self.unfinished: bytes | None = None
        """Payload of the frame in which the body ended, if it did; perhaps only a piece of it."""

    def feed(self, data: bytes) -> list[bytes]:
        """Consume one read; return the payloads that it completed, in order.

        Args:
            data: Body bytes cut anywhere. ``b""`` = end of the body.

        Returns:
            One payload per frame, its ``data`` lines joined by LF. At the end, also the lines
            that were no SSE fields, as one payload, where they look like JSON or where the
            body held no frame at all.
        """
        if not data:
            return self._end()
        if self._after_cr:
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        # Of bytes, unlike of text, splitlines knows exactly CR, LF and CRLF.
        lines = data.splitlines()
        unfinished = b"" if data.endswith((b"\n", b"\r")) or not lines else lines.pop()
        payloads: list[bytes] = []
        for line in lines:
            if self._tail:
                line = b"".join((*self._tail, line))
                self._tail = []
            self._line(line, payloads)
        if unfinished:
            self._tail.append(unfinished)
        return payloads

    def _end(self) -> list[bytes]:
        payloads: list[bytes] = []
        last_line = b"".join(self._tail)
        self._tail = []
        if not _DATA.startswith(last_line):
            self._line(last_line, payloads)
        self._dispatch(payloads)
        self.unfinished = payloads[0] if payloads else None
        raw = b"\n".join(self._raw).strip()
        self._raw = []
        if raw and (raw.startswith((b"{", b"[")) or not self._frame_count):
            payloads.append(raw)
        return payloads

    def _line(self, line: bytes, payloads: list[bytes]) -> None:
        if not self._line_count:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        self._line_count += 1
        if not line:
            self._dispatch(payloads)
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name and name not in _FIELDS and self._raw_size < RAW_LIMIT:
            self._raw.append(line[: RAW_LIMIT - self._raw_size])
            self._raw_size += len(line) + 1

    def _dispatch(self, payloads: list[bytes]) -> None:
        if self._data:
            payloads.append(b"\n".join(self._data))
            self._data = []
            self._frame_count += 1

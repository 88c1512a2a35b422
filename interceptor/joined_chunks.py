"""What arrives in one network read goes on as one piece.

mitmproxy passes every HTTP chunk on by itself: through all its layers, out through TLS, in a
system call of its own. As long as the interceptor keeps up, a read holds one chunk, and nothing
changes. When it falls behind, chunks pile up in the socket; joined again they cost what one
costs, so it catches up.
"""

from collections.abc import Callable
from typing import Any

import h11
from mitmproxy.proxy.layers.http import _http1

type _Reader = Callable[[Any], h11.Data | h11.EndOfMessage | None]


class JoiningReader:
    """One of h11's body readers, giving the data of all complete chunks in the buffer at once."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._held: h11.EndOfMessage | h11.ProtocolError | None = None
        """What came behind data that had to be given first."""

    def __call__(self, buffer: Any) -> h11.Data | h11.EndOfMessage | None:
        """The next event; None if there is none yet."""
        held, self._held = self._held, None
        if isinstance(held, h11.ProtocolError):
            raise held
        if held is not None:
            return held
        pieces: list[bytes] = []
        try:
            while isinstance(event := self._reader(buffer), h11.Data):
                pieces.append(bytes(event.data))
        except h11.ProtocolError as error:
            if not pieces:
                raise
            self._held = error
        else:
            if not pieces:
                return event  # type: ignore[no-any-return]
            self._held = event
        return h11.Data(data=b"".join(pieces))

    def read_eof(self) -> Any:
        """The event of a connection that was closed."""
        return self._reader.read_eof()


def join_chunks() -> None:
    """Have mitmproxy's connections of this process read so.

    mitmproxy documents no such interface, hence the guard.
    """
    make: Any = getattr(_http1, "make_body_reader", None)
    if make is not None and not hasattr(make, "joining"):

        def make_joining(expected_size: int | None) -> JoiningReader:
            return JoiningReader(make(expected_size))

        setattr(make_joining, "joining", True)  # noqa: B010
        setattr(_http1, "make_body_reader", make_joining)  # noqa: B010

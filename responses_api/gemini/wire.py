"""How the upstream's JSON becomes typed values: what all wire structures have in common. Pure.

Unknown fields are ignored and enum values stay strings, because the upstream adds both
without notice.
"""

from collections.abc import Callable

import msgspec

NOT_THAT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises when bytes are not JSON, or not of the shape asked for."""


class WireStruct(msgspec.Struct, frozen=True, rename="camel"):
    """Base of all wire structures: fields in snake case here, in camel case on the wire."""


def lenient[T](kind: type[T]) -> Callable[[msgspec.Raw], T | None]:
    """A decoder of what stands beside an answer, for whose sake no answer is thrown away.

    Returns:
        A function that gives None for what is absent or not of the shape of ``kind``.
    """
    decode = msgspec.json.Decoder(kind).decode

    def read(raw: msgspec.Raw) -> T | None:
        try:
            return decode(raw)
        except NOT_THAT_JSON:
            return None

    return read

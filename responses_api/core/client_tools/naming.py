"""The names under which the model calls the client's tools.

The upstream's names are of another alphabet than the client's and know no namespaces. A name
is folded by itself, without a look at the other tools, so that a call replayed from a history
names the same function again; two tools never fold to one name.
"""

import hashlib
import re

MAX_NAME_LENGTH = 128
"""Characters of a function's name upstream."""

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")
_ILLEGAL_CHARACTER = re.compile(r"[^A-Za-z0-9_.:-]")
_ILLEGAL_START = re.compile(r"_*[^A-Za-z_]")


def upstream_name(name: str, namespace: str | None = None) -> str:
    """The upstream's name of the tool ``name``, in ``namespace`` if it is in one.

    A namespace stands before a dot, which no name of the client's has. A name that begins
    with a digit or a hyphen gets an underscore before it; so does one that looks as if it
    had got one, lest the two be the same. What is too long, or has characters that the
    upstream does not take, ends with a digest of the whole name.
    """
    whole = f"{namespace}.{name}" if namespace else name
    folded = f"_{whole}" if _ILLEGAL_START.match(whole) else whole
    if len(folded) <= MAX_NAME_LENGTH and _LEGAL.fullmatch(folded):
        return folded
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    readable = _ILLEGAL_CHARACTER.sub("_", folded)[: MAX_NAME_LENGTH - len(digest) - 1]
    return f"{readable or '_'}_{digest}"

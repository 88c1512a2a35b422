"""Takes what looks like a secret out of text that a client or a log will see.

Pure. The upstream quotes keys and tokens in its error messages; which account the operator
uses is none of the client's business.
"""

import re

_SECRET = re.compile(
    r"""
      AIza[0-9A-Za-z_\-]{6,}                 # API key, old kind
    | \bAQ\.[0-9A-Za-z_\-.]{6,}              # API key, new kind
    | \bya29\.[0-9A-Za-z_\-.]+               # OAuth access token
    | \b1//[0-9A-Za-z_\-]{16,}               # OAuth refresh token
    | \bGOCSPX-[0-9A-Za-z_\-]+               # OAuth client secret
    | \beyJ[0-9A-Za-z_\-]{8,}(?:\.[0-9A-Za-z_\-]+){1,2}   # JWT
    | \bsk-[0-9A-Za-z_\-]{16,}               # a client's key
    | (?<=[Bb]earer\s)\s*[^\s"',;]+          # whatever follows "Bearer"
    | (?<=[?&]key=)[^\s&"']+                 # key in a URL
    """,
    re.VERBOSE,
)

MESSAGE_LIMIT = 2000
"""Characters of an upstream message that are passed on."""


def redact(text: str) -> str:
    """``text`` without secrets, and no longer than ``MESSAGE_LIMIT`` characters."""
    clean = _SECRET.sub("[redacted]", text)
    return clean if len(clean) <= MESSAGE_LIMIT else f"{clean[:MESSAGE_LIMIT]}…"

"""Takes what looks like a secret out of text that people other than its owner will see.

Pure. The upstream quotes keys and tokens in its error messages; which account the operator
uses is none of the client's business. What clients say may hold keys as well.
"""

import re

_KNOWN_FORMS = r"""
      AIza[0-9A-Za-z_\-]{6,}                 # API key, old kind
    | \bAQ\.[0-9A-Za-z_\-.]{6,}              # API key, new kind
    | \bya29\.[0-9A-Za-z_\-.]+               # OAuth access token
    | \b1//[0-9A-Za-z_\-]{16,}               # OAuth refresh token
    | \bGOCSPX-[0-9A-Za-z_\-]+               # OAuth client secret
    | \beyJ[0-9A-Za-z_\-]{8,}(?:\.[0-9A-Za-z_\-]+){1,2}   # JWT
    | \bsk-[0-9A-Za-z_\-]{16,}               # a client's key
    | \bzg-[0-9A-Za-z]{8}-[0-9A-Za-z_\-]{16,}   # a key of this gateway
    | (?<=[?&]key=)[^\s&"']+                 # key in a URL
"""
_SECRET = re.compile(rf"{_KNOWN_FORMS} | (?<=[Bb]earer\s)\s*[^\s\"',;]+", re.VERBOSE)
_SECRET_IN_PROSE = re.compile(rf"{_KNOWN_FORMS} | (?<=[Bb]earer\s)[^\s\"',;]{{16,}}", re.VERBOSE)
"""Of texts that may speak of a bearer without naming its token."""

MESSAGE_LIMIT = 2000
"""Characters of an upstream message that are passed on."""


def redact(text: str) -> str:
    """An upstream's message without secrets, and no longer than ``MESSAGE_LIMIT`` characters."""
    clean = _SECRET.sub("[redacted]", text)
    return clean if len(clean) <= MESSAGE_LIMIT else f"{clean[:MESSAGE_LIMIT]}…"


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Where ``without_secrets`` would take something out: first character, and the one after the last."""
    return [found.span() for found in _SECRET_IN_PROSE.finditer(text)]


def without_secrets(text: str) -> str:
    """``text``, of any length and from anybody, without what has the form of a key or a token."""
    return _SECRET_IN_PROSE.sub("[redacted]", text)

"""How many tokens a piece of JSON will come to, roughly: for where counting them is not worth a call.

Pure. Good for texts of any script within a factor of two; media are guessed by their size.
"""

BYTES_PER_TOKEN = 4
"""Of UTF-8. English has some four, other scripts have more bytes and fewer characters to a token."""
_PUNCTUATION = 2
"""Bytes of JSON around a value."""
_TOKENS_PER_MEDIUM = 1_120
"""What the upstream counts a picture for at the most."""
_CHARACTERS_PER_MEDIA_TOKEN = 100
"""Of base64: between a scanned page and a minute of film."""
_UNCOUNTED = frozenset({"thoughtSignature", "encrypted_content"})
_DATA = frozenset({"data", "file_data", "result"})
_LONGEST_TEXT_AS_DATA = 4_096


def estimate_tokens(value: object) -> int:
    """Tokens of ``value``, JSON of either side's dialect: a request body, a wire item, a list of these."""
    characters = 0
    media = 0
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, found = waiting.pop()
        match found:
            case str() if _is_data(name, found):
                media += _TOKENS_PER_MEDIUM + len(found) // _CHARACTERS_PER_MEDIA_TOKEN
            case str():
                characters += len(found.encode("utf-8", "replace")) + _PUNCTUATION
            case dict():
                characters += sum(len(key) + _PUNCTUATION for key in found)
                waiting += [(key, member) for key, member in found.items() if key not in _UNCOUNTED]
            case list() | tuple():
                waiting += [(name, member) for member in found]
            case _:
                characters += _PUNCTUATION
    return characters // BYTES_PER_TOKEN + media


def _is_data(name: str, text: str) -> bool:
    return text.startswith("data:") or (name in _DATA and len(text) > _LONGEST_TEXT_AS_DATA)

"""A string that matches a regular expression, for ``pattern`` in JSON Schemas. Pure.

Walks the parse tree of the standard library's own regular expression parser and takes the
simplest way through it; lookarounds and back references are not followed.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

# The type stubs leave the parser out.
regex_parser: Any = import_module("re._parser")

_ALPHABET = "aA1 _-.:/@#" + "".join(map(chr, range(33, 127)))
_LONGEST = 64


def matching(pattern: str, shortest: int = 0) -> str:
    """A string in which ``pattern`` is found, of at least ``shortest`` characters if it allows that.

    Falls back to ``"sample"`` for a pattern that Python cannot read or this walk cannot satisfy.
    """
    try:
        tree = regex_parser.parse(pattern)
        found = next((text for text in _tries(tree, shortest) if re.search(pattern, text)), "sample")
    except (re.error, OverflowError):
        return "sample"
    return found


def _tries(tree: Any, shortest: int) -> Iterable[str]:
    """Texts with ever more repetitions: one long enough if there is any, else the longest seen."""
    best = ""
    for more in range(_LONGEST):
        best = _walk(tree, more)
        if len(best) >= shortest:
            break
    yield best
    yield _walk(tree, 0)


def _walk(tree: Any, more: int) -> str:
    return "".join(_node(str(operation), argument, more) for operation, argument in tree)


def _node(operation: str, argument: Any, more: int) -> str:
    match operation:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return next(character for character in _ALPHABET if character != chr(argument))
        case "ANY":
            return "a"
        case "IN":
            return _member(argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            low, high, inner = argument
            times: int = min(low + more, int(high))
            return _walk(inner, 0) * times
        case "SUBPATTERN":
            return _walk(argument[-1], more)
        case "ATOMIC_GROUP":
            return _walk(argument, more)
        case "BRANCH":
            return _walk(argument[1][0], more)
        case _:
            return ""


def _member(items: list[tuple[Any, Any]]) -> str:
    """A character of a set such as ``[a-z0-9_]`` or ``[^,]``."""
    if str(items[0][0]) == "NEGATE":
        return next(
            character for character in _ALPHABET if not any(_holds(item, character) for item in items[1:])
        )
    operation, argument = str(items[0][0]), items[0][1]
    if operation == "LITERAL":
        return chr(argument)
    if operation == "RANGE":
        return chr(argument[0])
    return next((character for character in _ALPHABET if _holds(items[0], character)), "a")


def _holds(item: tuple[Any, Any], character: str) -> bool:
    operation, argument = str(item[0]), item[1]
    match operation:
        case "LITERAL":
            return bool(ord(character) == argument)
        case "RANGE":
            return bool(argument[0] <= ord(character) <= argument[1])
        case "CATEGORY":
            return _in_category(str(argument), character)
        case _:
            return False


def _in_category(name: str, character: str) -> bool:
    tests = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
    kind = name.removeprefix("CATEGORY_").removeprefix("NOT_")
    inside = re.match(tests[kind], character) is not None
    return inside != ("_NOT_" in name)

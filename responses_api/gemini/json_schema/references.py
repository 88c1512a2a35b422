"""What the ``$ref`` of a document mean, and the names under which the upstream finds it.

The upstream follows references to the root and to an entry of the root's ``$defs``. All
others are given such an entry.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

ROOT = "#"
_HOMES = ("$defs", "definitions")
_UNREADABLE = re.compile(r"[^A-Za-z0-9_.-]+")


class References:
    """The subschemas of one document that its references mean."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._targets: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._canonical: dict[str, str] = {ROOT: ROOT}
        self._index: dict[str, Any] | None = None

    def name_of(self, reference: object) -> str | None:
        """The name in ``$defs``, or ``ROOT``, for what ``reference`` means; None if it means nothing here."""
        if not isinstance(reference, str):
            return None
        if reference in ("", ROOT):
            return ROOT
        if reference not in self._names:
            found = self._find(reference)
            if found is None:
                return None
            if found is self._root:
                return ROOT
            self._names[reference] = self._named(reference, found)
        return self._names[reference]

    def target(self, name: str) -> Any:
        """The subschema that ``name`` stands for."""
        return self._root if name == ROOT else self._targets[name]

    def named_by(self, reference: str) -> str:
        """The name that ``reference_to`` made ``reference`` of."""
        return self._canonical[reference]

    def _named(self, reference: str, target: Any) -> str:
        """A free name for ``target``: its own, or one made of where it stands."""
        steps = _steps(reference)
        own = len(steps) == 2 and steps[0] in _HOMES
        wanted = steps[1] if own else _UNREADABLE.sub("_", "_".join(steps[-2:])).strip("_") or "schema"
        name, count = wanted, 1
        while name in self._targets and self._targets[name] is not target:
            count += 1
            name = f"{wanted}_{count}"
        self._targets[name] = target
        self._canonical[reference_to(name)] = name
        return name

    def _find(self, reference: str) -> Any:
        """The subschema meant, or None. What its path does not find may stand under its name elsewhere."""
        base, _, fragment = reference.partition(ROOT)
        local = not base or base == self._root.get("$id")
        if local and fragment.startswith("/"):
            found = _followed(self._root, _steps(reference))
            if found is not None:
                return found
        return self._indexed().get(reference) or self._indexed().get((_steps(reference) or [""])[-1])

    def _indexed(self) -> dict[str, Any]:
        """Subschemas by id, anchor, and name in a nested ``$defs``."""
        if self._index is None:
            self._index = {}
            for schema in _objects(self._root):
                for keyword, before in (("$id", ""), ("id", ""), ("$anchor", ROOT)):
                    if isinstance(own := schema.get(keyword), str):
                        self._index.setdefault(before + own, schema)
                for home in _HOMES:
                    if isinstance(entries := schema.get(home), Mapping):
                        for name, entry in entries.items():
                            self._index.setdefault(name, entry)
        return self._index


def reference_to(name: str) -> str:
    """The ``$ref`` to what has that name."""
    if name == ROOT:
        return ROOT
    return "#/$defs/" + name.replace("~", "~0").replace("/", "~1")


def _steps(reference: str) -> list[str]:
    """The steps of the JSON pointer in ``reference``."""
    pointer = unquote(reference.rpartition(ROOT)[2])
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/") if step]


def _followed(document: Any, steps: list[str]) -> Any:
    for step in steps:
        match document:
            case dict() if step in document:
                document = document[step]
            case list() if step.isdecimal() and int(step) < len(document):
                document = document[int(step)]
            case _:
                return None
    return document


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    """All objects in ``document``, outer ones first."""
    waiting = [document]
    for value in waiting:
        if isinstance(value, Mapping):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)

"""JSON Schemas of clients in the subset that the upstream understands.

Pure; never changes its input. What the upstream takes is passed on as it is. What it refuses
or ignores is said in other keywords where the meaning can be kept, else in words, in the
description. A schema is never stricter upstream than the client's: where it has to be
looser, that is named.

Source: Gemini API "structured outputs" guide, keywords of ``responseJsonSchema``.
"""

from collections.abc import Mapping
from typing import Any

from responses_api.gemini.json_schema.translation import DEPTH_LIMIT, Translation

__all__ = ["DEPTH_LIMIT", "Schema", "is_empty_object", "to_upstream_schema"]

type Schema = Mapping[str, Any] | bool

_MEANINGLESS = frozenset({"$schema", "$comment"})


def to_upstream_schema(schema: Schema, *, param: str) -> tuple[Any, tuple[str, ...]]:
    """Translate one JSON Schema.

    Args:
        schema: As the client sent it.
        param: Where it stands in the request, for errors.

    Returns:
        The schema to send, and phrases that say what the upstream is not held to, sorted.

    Raises:
        InvalidRequest: nested deeper than ``DEPTH_LIMIT``.
    """
    if not isinstance(schema, Mapping):
        return schema, ()
    translation = Translation(schema, param)
    return translation.document(), tuple(sorted(translation.losses))


def is_empty_object(schema: Schema | None) -> bool:
    """Whether ``schema`` says only "an object without known properties", or nothing at all.

    The upstream wants no schema then.
    """
    if schema is None or schema is True:
        return True
    if schema is False:
        return False
    meaning = {
        key for key, value in schema.items() if key not in _MEANINGLESS and value not in ({}, [], None)
    }
    return meaning <= {"type", "additionalProperties", "title", "description"} and (
        schema.get("type", "object") == "object"
        and not isinstance(schema.get("additionalProperties"), Mapping)
    )

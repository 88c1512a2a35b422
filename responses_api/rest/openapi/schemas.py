"""The named schemas of the OpenAPI document, derived from the types in ``core``.

pydantic describes what a type looks like after it was read. Where the API also takes a short
form, or ``null`` for what is left out, that is added here.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from responses_api.core.compaction_object import CompactionObject
from responses_api.core.conversation_requests import AddItems, CreateConversation, UpdateConversation
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import ErrorBody
from responses_api.core.response_object import ResponseObject
from responses_api.core.stream_events import StreamEvent
from responses_api.core.upstream_token import SetAccessToken

type Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"
_ROOTS: tuple[tuple[str, Any, Any], ...] = (
    ("request", "validation", TypeAdapter(CreateRequest)),
    ("response", "serialization", TypeAdapter(ResponseObject)),
    ("event", "serialization", TypeAdapter(StreamEvent)),
    ("conversation", "validation", TypeAdapter(CreateConversation)),
    ("metadata", "validation", TypeAdapter(UpdateConversation)),
    ("items", "validation", TypeAdapter(AddItems)),
    ("token", "validation", TypeAdapter(SetAccessToken)),
    ("compaction", "serialization", TypeAdapter(CompactionObject)),
    ("error", "serialization", TypeAdapter(ErrorBody)),
)
_NAMES = {
    "CreateRequest": "CreateResponse",
    "responses_api__core__response_object__ResponseObject": "Response",
    "responses_api__core__stream_events__ResponseObject": "Response",
    "ErrorBody": "Error",
}
_ANY_TEXT: Schema = {"type": "string"}


def ref(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": _PREFIX + name}


@cache
def schemas() -> dict[str, Schema]:
    """All named schemas. Not to be changed."""
    _, document = TypeAdapter.json_schemas(_ROOTS, ref_template=_PREFIX + "{model}")
    found: dict[str, Schema] = document["$defs"]
    # The alias of the events for any response object: they refer to the whole one instead.
    del found["responses_api__core__stream_events__ResponseObject"]
    made = {_name(name): _tidy(schema) for name, schema in found.items()}
    _add_short_forms(made)
    made["Response"]["properties"]["output"] = {"type": "array", "items": ref("OutputItem")}
    made["CompactResponse"] = _subset(made["CreateResponse"], _COMPACTED, required=["model"])
    return dict(sorted({**made, **_OWN}.items()))


def _add_short_forms(made: dict[str, Schema]) -> None:
    request = made["CreateResponse"]["properties"]
    for name, schema in request.items():
        alternatives = [schema, *_SHORT_FORMS.get(name, ()), {"type": "null"}]
        kept = {key: schema.pop(key) for key in ("default", "description") if key in schema}
        request[name] = {**kept, "anyOf": alternatives}
    message = made["Message"]
    message["properties"]["content"] = {"anyOf": [message["properties"]["content"], _ANY_TEXT]}
    message["required"].remove("type")


_SHORT_FORMS = {"input": (ref("Text"),), "stop": (_ANY_TEXT,), "conversation": (_ANY_TEXT,)}


def _name(name: str) -> str:
    """``name`` without its module, unless that is needed to tell it from another one."""
    if name in _NAMES:
        return _NAMES[name]
    *_, module, last = ["", *name.split("__")]
    return "".join(part.title() for part in module.split("_")) + last.lstrip("_")


def _tidy(node: Any) -> Any:
    """A part of a schema with our names, our words and no noise."""
    if isinstance(node, list):
        return [_tidy(member) for member in node]
    if not isinstance(node, dict):
        return node
    tidy = dict(_members(node))
    if "oneOf" in tidy and "discriminator" not in tidy:
        # Branches are told apart by code of ours: the last ones take what no other does.
        tidy["anyOf"] = [branch for branch in tidy.pop("oneOf") if not _is_refusal(branch)]
    return tidy


def _members(node: Schema) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        match key, value:
            case "title", str():
                continue
            case "description", str():
                yield key, value.replace("``", "`")
            case "$ref", str():
                yield key, _PREFIX + _name(value.removeprefix(_PREFIX))
            case _:
                yield key, _tidy(value)


def _is_refusal(branch: Schema) -> bool:
    """Whether this is the branch of ``core.validation.Kinds`` for objects of no known type."""
    members = branch.get("properties", {})
    return "$ref" not in branch and list(members) == ["type"] and "enum" in members["type"]


def _subset(schema: Schema, names: tuple[str, ...], required: list[str]) -> Schema:
    properties = {name: schema["properties"][name] for name in names}
    return {"type": "object", "properties": properties, "required": required}


def _list_of(item: Schema) -> Schema:
    return _object(
        object={"const": "list"},
        data={"type": "array", "items": item},
        first_id=_ANY_TEXT,
        last_id=_ANY_TEXT,
        has_more={"type": "boolean"},
    )


def _object(**members: Schema) -> Schema:
    """An object with exactly these members, all of them present."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _page(result: str) -> Schema:
    """Buckets of time with results."""
    bucket = _object(
        object={"const": "bucket"},
        start_time={"type": "integer"},
        end_time={"type": "integer"},
        results={"type": "array", "items": ref(result)},
    )
    return _object(
        object={"const": "page"},
        data={"type": "array", "items": bucket},
        has_more={"type": "boolean"},
        next_page=_nullable(_ANY_TEXT),
    )


def _deleted(kind: str) -> Schema:
    return _object(id=_ANY_TEXT, object={"const": kind}, deleted={"const": True})


_COMPACTED = (
    "model",
    "input",
    "instructions",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "service_tier",
)
"""What OpenAI's document names in the body of a compaction."""
_COUNT: Schema = {"type": "integer", "minimum": 0}
_GROUP: dict[str, Schema] = {
    name: _nullable(_ANY_TEXT) for name in ("project_id", "user_id", "api_key_id", "api_source")
}
_OWN: dict[str, Schema] = {
    "Item": {
        "type": "object",
        "description": "An item of any type as it is stored and listed.",
        "properties": {"id": _ANY_TEXT, "type": _ANY_TEXT, "status": _ANY_TEXT},
        "required": ["id", "type"],
    },
    "ItemList": _list_of(ref("Item")),
    "DeletedResponse": _deleted("response"),
    "Conversation": _object(
        id=_ANY_TEXT,
        object={"const": "conversation"},
        created_at=_COUNT,
        metadata={"type": "object", "additionalProperties": _ANY_TEXT},
    ),
    "DeletedConversation": _deleted("conversation.deleted"),
    "UpstreamToken": _object(
        object={"const": "upstream_token"},
        own={
            "type": "boolean",
            "description": "Whether the account is this user's own; if not, the rest is null.",
        },
        kind=_nullable({"enum": ["api_key", "access_token", "oauth", "service_account"]}),
        state=_nullable({"enum": ["valid", "renewed when used", "failing", "refused", "expired"]}),
        expires_at=_nullable(_COUNT),
    ),
    "DeletedUpstreamToken": _object(object={"const": "upstream_token.deleted"}, deleted={"const": True}),
    "InputTokens": _object(object={"const": "response.input_tokens"}, input_tokens=_COUNT),
    "Model": _object(id=_ANY_TEXT, object={"const": "model"}, created=_COUNT, owned_by=_ANY_TEXT),
    "ModelList": _object(object={"const": "list"}, data={"type": "array", "items": ref("Model")}),
    "UsagePage": _page("UsageResult"),
    "UsageResult": _object(
        object={"const": "organization.usage.completions.result"},
        input_tokens=_COUNT,
        input_cached_tokens=_COUNT,
        input_uncached_tokens=_COUNT,
        output_tokens=_COUNT,
        input_audio_tokens=_nullable(_COUNT),
        output_audio_tokens=_nullable(_COUNT),
        num_model_requests=_COUNT,
        **_GROUP,
        model=_nullable(_ANY_TEXT),
        batch=_nullable({"type": "boolean"}),
        service_tier=_nullable(_ANY_TEXT),
    ),
    "CostsPage": _page("CostsResult"),
    "CostsResult": _object(
        object={"const": "organization.costs.result"},
        amount=ref("Money"),
        line_item=_nullable(_ANY_TEXT),
        quantity=_nullable({"type": "number"}),
        quantity_unit=_nullable(_ANY_TEXT),
        **_GROUP,
    ),
    "Money": _object(value={"type": "number"}, currency={"const": "usd"}),
    "OwnUsage": _object(
        object={"const": "usage"},
        api_key=_object(id=_ANY_TEXT, today=ref("Used"), month=ref("Used")),
        user=_object(id=_ANY_TEXT, today=ref("Used"), month=ref("Used")),
        limits=_nullable({"type": "array", "items": ref("Limit")}),
    ),
    "Used": _object(
        start_time=_COUNT,
        end_time=_COUNT,
        requests=_COUNT,
        errors=_COUNT,
        input_tokens=_COUNT,
        input_cached_tokens=_COUNT,
        output_tokens=_COUNT,
        output_reasoning_tokens=_COUNT,
        cost=ref("Money"),
        unpriced_requests=_COUNT,
    ),
    "Limit": _object(
        scope={"enum": ["key", "user"]},
        name=_ANY_TEXT,
        limit={"type": "number"},
        remaining={"type": "number"},
        reset_seconds=_nullable({"type": "number"}),
    ),
}

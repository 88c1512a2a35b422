"""Every operation of the API as the OpenAPI document describes it, whoever serves it.

One table for the REST views and for the Channels consumers. A test compares it with the routes.
"""

from dataclasses import dataclass
from typing import Any

from responses_api.core.create_request import Include
from responses_api.rest.listing import MAX_LIMIT
from responses_api.rest.openapi.schemas import Schema, ref
from responses_api.rest.usage_queries import STEPS, CostsQuery, UsageQuery, grouping_of

_DESCRIPTIONS = {
    200: "OK",
    400: "The request cannot be served as it is.",
    401: "No usable API key, or no usable upstream credential behind it.",
    403: "This API key may not do this.",
    404: "There is no such object of this key's owner.",
    405: "The path has no such method.",
    409: "It conflicts with what there is already.",
    413: "The body is larger than this gateway accepts.",
    429: "A limit of this gateway or of the upstream is reached.",
    500: "A fault of the gateway.",
    502: "The upstream, or a part on the way to it, failed.",
    503: "The upstream is overloaded.",
    504: "The response was not finished in time.",
}
_ON_STORED = (400, 401, 404)
_ON_CHANGED = (*_ON_STORED, 413)
_ON_GENERATED = (400, 401, 404, 413, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    summary: str
    answer: str
    """Name of the answer's schema."""
    body: str | None = None
    """Name of the body's schema."""
    parameters: tuple[Schema, ...] = ()
    errors: tuple[int, ...] = _ON_STORED
    streams: bool = False
    """Whether it can answer with server-sent events."""

    def describe(self, path: str) -> dict[str, Any]:
        """The operation object of the document; ``path`` is where it is."""
        described: dict[str, Any] = {
            "operationId": self.id,
            "summary": self.summary,
            "tags": [path.split("/")[2].title()],
            "parameters": [*_path_parameters(path), *self.parameters],
            "security": [{"apiKey": []}],
            "responses": {"200": self._success(), **{str(status): _error(status) for status in self.errors}},
        }
        if self.body is not None:
            described["requestBody"] = {"required": True, "content": _json(self.body)}
        return described

    def _success(self) -> dict[str, Any]:
        content = _json(self.answer)
        if self.streams:
            content["text/event-stream"] = {"schema": ref("StreamEvent")}
        return {"description": _DESCRIPTIONS[200], "content": content}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(name)}}


def _error(status: int) -> dict[str, Any]:
    return {"description": _DESCRIPTIONS[status], "content": _json("Error")}


def _path_parameters(path: str) -> list[Schema]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"in": "path", "name": name, "required": True, "schema": {"type": "string"}} for name in names]


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"in": "query", "name": name, "schema": schema, "description": description}


_MOMENT: Schema = {"type": "integer", "minimum": 0}
_INCLUDE = _query(
    "include",
    {"type": "array", "items": {"enum": list(Include.__value__.__args__)}},
    "What is shown only if it is asked for. Also written as `include[]`.",
)
_PAGE = (
    _query(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20},
        "How many items at most.",
    ),
    _query("order", {"enum": ["asc", "desc"], "default": "desc"}, "Oldest or newest first."),
    _query("after", {"type": "string"}, "Id of the last item of the page before."),
    _INCLUDE,
)
_RESUMED = (
    _INCLUDE,
    _query(
        "stream", {"type": "boolean", "default": False}, "Answer with the events of a background response."
    ),
    _query("starting_after", {"type": "integer"}, "Only the events after the one with this sequence number."),
    _query("include_obfuscation", {"type": "boolean"}, "Accepted, and changes nothing."),
)


def _list_query(name: str, item: Schema, description: str) -> Schema:
    return _query(name, {"type": "array", "items": item}, f"{description} Also written as `{name}[]`.")


_BUCKETS = (
    {
        **_query("start_time", _MOMENT, "Where the first bucket begins, or within it."),
        "required": True,
    },
    _query("end_time", _MOMENT, "Where the last bucket ends, or within it; left out: now."),
    _query("page", {"type": "string"}, "The `next_page` of the answer before."),
    _list_query("user_ids", {"type": "string"}, "Only usage of these users."),
    _list_query("api_key_ids", {"type": "string"}, "Only usage of these API keys."),
    _list_query("project_ids", {"type": "string"}, "There are no projects: nothing matches."),
)
_USAGE_BUCKETS = (
    *_BUCKETS,
    _query("bucket_width", {"enum": list(STEPS), "default": "1d"}, "Minutes, hours or days of UTC."),
    _query(
        "limit",
        {"type": "integer", "minimum": 1},
        "How many buckets at most. 1m: 60 if left out, 1440 at most; 1h: 24 and 168; 1d: 7 and 31.",
    ),
    _list_query("models", {"type": "string"}, "Only usage of these models."),
    _query("batch", {"type": "boolean"}, "There are no batches: `true` matches nothing."),
    _list_query("group_by", {"enum": grouping_of(UsageQuery)}, "What results are told apart by."),
)
_COST_BUCKETS = (
    *_BUCKETS,
    _query("bucket_width", {"enum": ["1d"], "default": "1d"}, "Days of UTC."),
    _query(
        "limit", {"type": "integer", "minimum": 1, "maximum": 180, "default": 7}, "How many days at most."
    ),
    _list_query("line_items", {"type": "string"}, "Only costs of these models."),
    _list_query("group_by", {"enum": grouping_of(CostsQuery)}, "What results are told apart by."),
)

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("/v1/responses", "post"): Operation(
        "createResponse",
        "Create a response",
        "Response",
        body="CreateResponse",
        errors=_ON_GENERATED,
        streams=True,
    ),
    ("/v1/responses/compact", "post"): Operation(
        "compactConversation",
        "Have a conversation summed up",
        "CompactionObject",
        body="CompactResponse",
        errors=_ON_GENERATED,
    ),
    ("/v1/responses/input_tokens", "post"): Operation(
        "countInputTokens",
        "Count the tokens of a request's input",
        "InputTokens",
        body="CreateResponse",
        errors=_ON_GENERATED,
    ),
    ("/v1/responses/{response_id}", "get"): Operation(
        "getResponse", "Read a stored response", "Response", parameters=_RESUMED, streams=True
    ),
    ("/v1/responses/{response_id}", "delete"): Operation(
        "deleteResponse", "Delete a stored response", "DeletedResponse"
    ),
    ("/v1/responses/{response_id}/cancel", "post"): Operation(
        "cancelResponse", "Cancel a response in the background", "Response"
    ),
    ("/v1/responses/{response_id}/input_items", "get"): Operation(
        "listInputItems", "List the items that a response was created with", "ItemList", parameters=_PAGE
    ),
    ("/v1/conversations", "post"): Operation(
        "createConversation",
        "Create a conversation",
        "Conversation",
        body="CreateConversation",
        errors=_ON_CHANGED,
    ),
    ("/v1/conversations/{conversation_id}", "get"): Operation(
        "getConversation", "Read a conversation", "Conversation"
    ),
    ("/v1/conversations/{conversation_id}", "post"): Operation(
        "updateConversation",
        "Replace a conversation's metadata",
        "Conversation",
        body="UpdateConversation",
        errors=_ON_CHANGED,
    ),
    ("/v1/conversations/{conversation_id}", "delete"): Operation(
        "deleteConversation", "Delete a conversation with its items", "DeletedConversation"
    ),
    ("/v1/conversations/{conversation_id}/items", "get"): Operation(
        "listConversationItems", "List a conversation's items", "ItemList", parameters=_PAGE
    ),
    ("/v1/conversations/{conversation_id}/items", "post"): Operation(
        "createConversationItems",
        "Append items to a conversation",
        "ItemList",
        body="AddItems",
        parameters=(_INCLUDE,),
        errors=_ON_CHANGED,
    ),
    ("/v1/conversations/{conversation_id}/items/{item_id}", "get"): Operation(
        "getConversationItem", "Read an item of a conversation", "Item", parameters=(_INCLUDE,)
    ),
    ("/v1/conversations/{conversation_id}/items/{item_id}", "delete"): Operation(
        "deleteConversationItem", "Take an item out of a conversation", "Conversation"
    ),
    ("/v1/token", "get"): Operation(
        "getUpstreamToken", "See how one's own upstream account stands", "UpstreamToken", errors=(401,)
    ),
    ("/v1/token", "post"): Operation(
        "setUpstreamToken",
        "Set the access token of one's own upstream account",
        "UpstreamToken",
        body="SetAccessToken",
        errors=(400, 401, 403, 409, 413),
    ),
    ("/v1/token", "delete"): Operation(
        "deleteUpstreamToken",
        "Remove the access token of one's own upstream account",
        "DeletedUpstreamToken",
        errors=(401, 403, 404, 409),
    ),
    ("/v1/models", "get"): Operation(
        "listModels", "List the models that are served", "ModelList", errors=(401,)
    ),
    ("/v1/models/{name}", "get"): Operation("getModel", "Read a model", "Model", errors=(401, 404)),
    ("/v1/organization/usage/completions", "get"): Operation(
        "getCompletionsUsage",
        "Read usage over time",
        "UsagePage",
        parameters=_USAGE_BUCKETS,
        errors=(400, 401),
    ),
    ("/v1/organization/costs", "get"): Operation(
        "getCosts", "Read costs over time", "CostsPage", parameters=_COST_BUCKETS, errors=(400, 401)
    ),
    ("/v1/usage", "get"): Operation(
        "getOwnUsage", "Read what this API key and its user have used", "OwnUsage", errors=(401,)
    ),
}

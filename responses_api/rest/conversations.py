"""``/v1/conversations`` and the items in them."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api.access.callers import Caller
from responses_api.core.conversation import ConversationItem, WireItem
from responses_api.core.conversation_requests import (
    AddItems,
    CreateConversation,
    UpdateConversation,
    parse_body,
)
from responses_api.core.output_pairing import with_call_ids
from responses_api.models import Conversation
from responses_api.rest.listing import ItemQuery, ListQuery, list_body, read_query, shown
from responses_api.rest.parsers import JsonParser
from responses_api.storage import conversations, said_items


class ConversationList(APIView):
    """The owner's conversations."""

    parser_classes = (JsonParser,)

    def post(self, request: Request) -> Response:
        """Make one, with up to 20 items to begin with."""
        body = parse_body(CreateConversation, request.data)
        owner_id = _owner_id(request)
        items = _ready_to_keep(owner_id, body.items)
        return Response(_wire(conversations.create_conversation(owner_id, body.metadata, items)))


class ConversationDetail(APIView):
    """One conversation."""

    parser_classes = (JsonParser,)

    def get(self, request: Request, conversation_id: str) -> Response:
        """Without its items."""
        return Response(_wire(conversations.find_conversation(_owner_id(request), conversation_id)))

    def post(self, request: Request, conversation_id: str) -> Response:
        """Replace its metadata."""
        body = parse_body(UpdateConversation, request.data)
        updated = conversations.update_metadata(_owner_id(request), conversation_id, body.metadata)
        return Response(_wire(updated))

    def delete(self, request: Request, conversation_id: str) -> Response:
        """Delete it with its items; its responses stay."""
        conversations.delete_conversation(_owner_id(request), conversation_id)
        return Response({"id": conversation_id, "object": "conversation.deleted", "deleted": True})


class ConversationItems(APIView):
    """The items of one conversation."""

    parser_classes = (JsonParser,)

    def get(self, request: Request, conversation_id: str) -> Response:
        """A page of them, the newest first unless asked otherwise."""
        query = read_query(ListQuery, request.query_params)
        page = conversations.list_items(
            _owner_id(request),
            conversation_id,
            limit=query.limit,
            newest_first=query.order == "desc",
            after=query.after or None,
        )
        return Response(list_body(shown(page.items, query.include), has_more=page.has_more))

    def post(self, request: Request, conversation_id: str) -> Response:
        """Append up to 20 items; answers with them as they are kept."""
        query = read_query(ItemQuery, request.query_params)
        body = parse_body(AddItems, request.data)
        owner_id = _owner_id(request)
        conversations.find_conversation(owner_id, conversation_id)
        items = _ready_to_keep(owner_id, body.items, conversation_id)
        conversations.append_items(owner_id, conversation_id, items)
        kept = [item.wire for item in items]
        return Response(list_body(shown(kept, query.include), has_more=False))


class ConversationItemDetail(APIView):
    """One item of one conversation."""

    def get(self, request: Request, conversation_id: str, item_id: str) -> Response:
        """The item."""
        query = read_query(ItemQuery, request.query_params)
        item = conversations.find_item(_owner_id(request), conversation_id, item_id)
        return Response(shown([item], query.include)[0])

    def delete(self, request: Request, conversation_id: str, item_id: str) -> Response:
        """Take it out; answers with the conversation."""
        return Response(_wire(conversations.delete_item(_owner_id(request), conversation_id, item_id)))


def _owner_id(request: Request) -> int:
    return cast("Caller", request.auth).owner_id


def _wire(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "object": "conversation",
        "created_at": int(conversation.created_at.timestamp()),
        "metadata": conversation.metadata,
    }


def _ready_to_keep(
    owner_id: int, items: tuple[WireItem, ...], conversation_id: str | None = None
) -> list[ConversationItem]:
    """``items`` resolved, with ids of ours; outputs without ``call_id`` find their calls."""
    said = said_items.resolve(owner_id, [ConversationItem(item) for item in items], param="items")
    history: list[ConversationItem] = []
    if conversation_id is not None and any(_lacks_call_id(item) for item in said):
        history = conversations.load_history(owner_id, conversation_id)
    paired = with_call_ids([*history, *said])[len(history) :]
    return said_items.with_new_ids(paired, param="items")


def _lacks_call_id(item: ConversationItem) -> bool:
    return item.wire["type"].endswith("_output") and not item.wire.get("call_id")

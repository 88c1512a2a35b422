"""The items that a client brings: understood by what is stored, and made ready to be stored themselves."""

from collections.abc import Iterable, Sequence
from typing import Any

from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.core.input_items import stored_input_item
from responses_api.core.item_ids import ITEM_PREFIXES
from responses_api.core.sealed_reasoning import SealedReasoning
from responses_api.core.signature_recovery import StoredItems, recover, said_by_model
from responses_api.runtime.identifiers import new_id
from responses_api.seals import reasoning_seal
from responses_api.storage import stored_items


def need_lookup(said: Iterable[ConversationItem]) -> bool:
    """Whether ``resolve`` has anything to do."""
    return any(_is_reference(item) or said_by_model(item) for item in said)


def resolve(
    owner_id: int, said: Sequence[ConversationItem], *, param: str = "input"
) -> list[ConversationItem]:
    """``said`` with its references resolved and what the model made recovered. At most one query.

    Args:
        owner_id: whose items may be named.
        said: in canonical form.
        param: the request parameter that holds ``said``.

    Raises:
        NotFound: a reference to an item that is not the owner's.
    """
    wanted = [item for item in said if _is_reference(item) or said_by_model(item)]
    ids = [item_id for item in wanted if (item_id := item.wire.get("id"))]
    call_ids = [call_id for item in wanted if (call_id := item.wire.get("call_id"))]
    stored = stored_items.load_items(owner_id, ids, call_ids) if ids or call_ids else StoredItems()
    resolved = [_resolved(item, stored, param) for item in said]
    return recover(resolved, stored, _opened(resolved))


def with_new_ids(said: Iterable[ConversationItem], *, param: str = "input") -> list[ConversationItem]:
    """``said``, whose references are resolved, as it is stored: each item under an id of ours.

    Raises:
        InvalidRequest: an item that only asks for something, and is nothing to be kept.
    """
    return [
        ConversationItem(
            stored_input_item(item.wire, new_id(_prefix(item, f"{param}[{number}].type"))),
            item.response_id,
            item.upstream,
        )
        for number, item in enumerate(said)
    ]


def _prefix(item: ConversationItem, param: str) -> str:
    kind: str = item.wire["type"]
    if kind not in ITEM_PREFIXES:
        raise InvalidRequest(
            f"Invalid value: '{kind}'. Such an item cannot be kept.", param=param, code="invalid_value"
        )
    return ITEM_PREFIXES[kind]


def _is_reference(item: ConversationItem) -> bool:
    return bool(item.wire["type"] == "item_reference")


def _resolved(item: ConversationItem, stored: StoredItems, param: str) -> ConversationItem:
    if not _is_reference(item):
        return item
    item_id: str = item.wire["id"]
    if (found := stored.by_id.get(item_id)) is None:
        raise NotFound(
            f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. "
            "Try again with `store` set to true, or remove this item from your input.",
            param=param,
        )
    return found


def _opened(said: Sequence[ConversationItem]) -> dict[int, SealedReasoning]:
    opened: dict[int, SealedReasoning] = {}
    for index, item in enumerate(said):
        blob: Any = item.wire.get("encrypted_content") if item.wire["type"] == "reasoning" else None
        if blob and (content := reasoning_seal.unseal(blob)) is not None:
            opened[index] = content
    return opened

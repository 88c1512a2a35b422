"""Stored responses as their owner sees them: read, listed, deleted.

``find`` is the one way to a response by its id: whatever is not the owner's does not exist.
Plain synchronous functions for the REST views, and by ``responses_api.runtime.database`` for consumers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, QuerySet

from responses_api.core.conversation import WireItem
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.core.response_object import ResponseObject
from responses_api.idempotency.idempotency_keys import forget_answer
from responses_api.models import Item, ItemSide, Response

_MEMBERS = tuple(ResponseObject.__annotations__)


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some of a response's input items, in the order asked for."""

    items: Sequence[WireItem]
    has_more: bool


def find(owner_id: int, response_id: str) -> Response:
    """The owner's response. One query.

    Raises:
        NotFound: no such response of this owner; the same for unknown, deleted, unstored and
            other people's ids.
    """
    return _one(Response.objects.filter(owner_id=owner_id), response_id)


def read(owner_id: int, response_id: str) -> dict[str, Any]:
    """The response object, as far as it is made: what its creation answered, or will. One query.

    Raises:
        NotFound: as for ``find``.
    """
    made = Item.objects.filter(response=OuterRef("pk"), side=ItemSide.OUTPUT).exclude(id="")
    output = ArraySubquery(made.order_by("position").values("wire"))
    found = _one(Response.objects.filter(owner_id=owner_id).annotate(output=output), response_id)
    whole = {**found.body, "status": found.status, "output": found.output}
    # jsonb has an order of its own.
    ordered = [name for name in _MEMBERS if name in whole]
    return {name: whole[name] for name in (*ordered, *(whole.keys() - set(ordered)))}


def list_input(
    owner_id: int, response_id: str, *, limit: int, ascending: bool, after: str | None
) -> ItemPage:
    """The items that the request of a response brought, those of earlier turns not among them.

    Args:
        owner_id: who asks.
        response_id: of the response.
        limit: how many at most.
        ascending: oldest first; else newest first.
        after: id of the item behind which the page begins.

    Raises:
        NotFound: as for ``find``.
        InvalidRequest: ``after`` is no input item of this response.
    """
    response = find(owner_id, response_id)
    listed = Item.objects.filter(response=response, side=ItemSide.INPUT)
    order = "position" if ascending else "-position"
    page = listed.order_by(order)
    if after:
        position = _position(listed, after)
        page = page.filter(position__gt=position) if ascending else page.filter(position__lt=position)
    items = list(page.values_list("wire", flat=True)[: limit + 1])
    return ItemPage(items[:limit], len(items) > limit)


def delete(owner_id: int, response_id: str) -> None:
    """Delete a response with its items and its event log.

    Responses that go on from it stay, and go on from the one before it: just this turn is
    forgotten.

    Raises:
        NotFound: as for ``find``.
    """
    with transaction.atomic():
        found = _one(Response.objects.filter(owner_id=owner_id).select_for_update(), response_id)
        later = Response.objects.filter(owner_id=owner_id, previous_id=found.pk)
        later.update(previous_id=found.previous_id)
        forget_answer(owner_id, response_id)
        found.delete()


def _one[R: Response](responses: QuerySet[Any, R], response_id: str) -> R:
    # PostgreSQL takes no NUL character, and no id has one.
    found = None if "\0" in response_id else responses.filter(pk=response_id).first()
    if found is None:
        raise NotFound(f"Response with id '{response_id}' not found.")
    return found


def _position(listed: QuerySet[Item], item_id: str) -> int:
    position = None
    if "\0" not in item_id:
        position = listed.filter(id=item_id).values_list("position", flat=True).first()
    if position is None:
        raise InvalidRequest(f"Item with id '{item_id}' not found.", param="after")
    return position

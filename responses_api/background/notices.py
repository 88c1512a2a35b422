"""What gateways tell one another about background responses, and who is waiting to hear it.

A notice only saves waiting: everything that it says is in the database, and whoever waits
looks there by itself now and then. So one that is lost costs half a second, and nothing else.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from django.conf import settings

from responses_api.exchanges.channel_messages import (
    BACKGROUND,
    CancelWanted,
    ChannelMessage,
    EventsLogged,
    Inbox,
    send_to_group,
)
from responses_api.runtime.doorbell import Doorbell

logger = logging.getLogger("zg.background")

POLL_INTERVAL = 0.5
"""Seconds after which somebody who waits looks by itself."""

queued = Doorbell()
"""Rung when a response was queued in this process."""

type _Ears = dict[str, list[Callable[[], None]]]

_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[type, _Ears]] = WeakKeyDictionary()


@contextmanager
def listening(
    kind: type[EventsLogged] | type[CancelWanted], response_id: str, hear: Callable[[], None]
) -> Iterator[None]:
    """Have ``hear`` called by every notice of this kind about this response."""
    ears = _listeners.setdefault(asyncio.get_running_loop(), {}).setdefault(kind, {})
    ears.setdefault(response_id, []).append(hear)
    try:
        yield
    finally:
        ears[response_id].remove(hear)
        if not ears[response_id]:
            del ears[response_id]


async def wait(event: asyncio.Event) -> None:
    """Return when the event is set, or when it is time to look all the same; it is cleared."""
    try:
        async with asyncio.timeout(POLL_INTERVAL):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()


async def tell(notice: EventsLogged | CancelWanted) -> None:
    """Wake who waits for this, here and in other gateways."""
    _hear(notice)
    if not settings.REDIS_URL:
        return  # an in-memory layer reaches nobody else
    try:
        await send_to_group(BACKGROUND, notice)
    except Exception as error:  # noqa: BLE001 - whoever waits looks by itself
        logger.warning("other gateways were not told: %s", error)


def inbox() -> Inbox:
    """Where this process hears of other gateways' responses; to be opened and closed by the caller."""
    return Inbox(_hear, groups=[BACKGROUND])


def _hear(notice: ChannelMessage) -> None:
    match notice:
        case EventsLogged() | CancelWanted():
            ears = _listeners.get(asyncio.get_running_loop(), {}).get(type(notice), {})
            for hear in list(ears.get(notice.response_id, ())):
                hear()
        case _:
            logger.warning("a message that is no notice: %s", type(notice).__name__)

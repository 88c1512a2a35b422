"""What is asked of the language server beside an exchange; none of it may fail a response."""

import logging
from datetime import UTC, datetime

from responses_api.core.generation_events import UsageReported
from responses_api.exchanges.connect_protocol import LanguageServerFault
from responses_api.exchanges.language_server import current_client

logger = logging.getLogger("zg.generation")


async def annotate(cascade_id: str) -> None:
    """Some language servers schedule a run only for a conversation that somebody looks at."""
    try:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await current_client().annotate_viewed(cascade_id, now)
    except LanguageServerFault as fault:
        logger.warning("annotations of cascade %s: %s", cascade_id, fault.message)


async def stop(cascade_id: str) -> None:
    """Nobody waits for it any more."""
    try:
        await current_client().cancel(cascade_id)
    except LanguageServerFault as fault:
        logger.warning("cascade %s was not cancelled: %s", cascade_id, fault.message)


async def counted_usage(cascade_id: str) -> UsageReported | None:
    """The language server's own count of tokens, if it has one."""
    try:
        return await current_client().usage(cascade_id)
    except LanguageServerFault as fault:
        logger.warning("no usage of cascade %s: %s", cascade_id, fault.message)
        return None

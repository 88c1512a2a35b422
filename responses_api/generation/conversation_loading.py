"""Everything that was said before the model answers: what is stored, and the request's own items.

Items come back as the translation wants them: references resolved, with the facts that the
upstream gave us, and with the remote files that they name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from responses_api.core.compaction import TRIGGER, CompactionPlan
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import InvalidRequest
from responses_api.core.output_pairing import with_call_ids
from responses_api.core.remote_files import FetchedFile, remote_files
from responses_api.remote_files.fetching import fetch_all
from responses_api.runtime import database
from responses_api.seals import compaction_seal
from responses_api.storage import conversations, exchange_records, said_items


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the model is to answer."""

    history: tuple[ConversationItem, ...]
    """The items of ``conversation``, or of the chain behind ``previous_response_id``, oldest first."""
    said: tuple[ConversationItem, ...]
    """The request's own items."""
    files: Mapping[str, FetchedFile]
    """Remote files by their URL."""
    shown: tuple[ConversationItem, ...]
    """What of it the model is shown: going on from the latest compaction item, where there is one."""
    compaction: CompactionPlan | None = None
    """How it is to be summed up before, or instead of, the answer."""
    adaptations: tuple[str, ...] = ()
    """What was left out to make it fit, for people."""

    @property
    def items(self) -> list[ConversationItem]:
        """All of it, in order."""
        return [*self.history, *self.said]


async def load_conversation(
    owner_id: int,
    request: CreateRequest,
    remembered: Mapping[str, Sequence[ConversationItem]] | None = None,
) -> Conversation:
    """Load what ``request`` goes on from and what it brings.

    Args:
        owner_id: whose responses, conversations and items may be named.
        request: the request.
        remembered: by response id, everything that was said up to and including that response,
            oldest first. Asked before the database, for responses that are not stored.

    Raises:
        InvalidRequest: no such previous response, a file that cannot be had, a compaction item
            that is not ours, or nothing to answer.
        NotFound: no such conversation, or a reference to an item that is not the owner's.
    """
    history = await _load_history(owner_id, request, remembered or {})
    said = [ConversationItem(item) for item in request.input if item["type"] != TRIGGER]
    if said_items.need_lookup(said):
        said = await database.run(said_items.resolve, owner_id, said)
    if not history and not said:
        raise InvalidRequest(
            "Missing required parameter: 'input'. There is nothing yet that could be answered.",
            param="input",
            code="missing_required_parameter",
        )
    said = with_call_ids([*history, *said])[len(history) :]
    shown = compaction_seal.opened([*history, *said])
    seen = {file.url for file in remote_files(shown)}
    named = [*remote_files(history), *remote_files(said, "input")]
    wanted = [file for file in named if file.url in seen]
    cached_for = owner_id if request.store else None
    files = await fetch_all(wanted, owner_id=cached_for) if wanted else {}
    return Conversation(tuple(history), tuple(said), files, tuple(shown))


async def _load_history(
    owner_id: int, request: CreateRequest, remembered: Mapping[str, Sequence[ConversationItem]]
) -> list[ConversationItem]:
    if request.conversation is not None:
        return await database.run(conversations.load_history, owner_id, request.conversation.id)
    previous = request.previous_response_id
    if previous is None:
        return []
    if previous in remembered:
        return list(remembered[previous])
    return await database.run(exchange_records.load_chain, owner_id, previous)

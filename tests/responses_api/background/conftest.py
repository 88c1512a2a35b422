"""Responses that wait in the queue of a real PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from responses_api.background import queue
from responses_api.core.conversation import ConversationItem
from responses_api.core.response_stream import ResponseStream
from responses_api.generation.booking import QueuedResponse
from responses_api.models import ApiKey
from responses_api.runtime.identifiers import new_id
from responses_api.storage import exchange_records
from tests.conftest import MakeApiKey
from tests.responses_api.core.response_streams import NOW, new_response

type Enqueue = Callable[[], str]


@pytest.fixture
def key(alice: User, make_api_key: MakeApiKey) -> ApiKey:
    made, _ = make_api_key(alice)
    return made


@pytest.fixture
def enqueue(key: ApiKey) -> Enqueue:
    """Lets one more response of alice's wait; returns its id."""

    def make() -> str:
        response_id = new_id("resp")
        machine = ResponseStream(
            new_response(id=response_id, background=True), new_id=new_id, now=lambda: NOW
        )
        told = machine.queue()
        said = {
            "type": "message",
            "id": new_id("msg"),
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_text", "text": "hi"}],
        }
        trace = exchange_records.ExchangeBegin(
            id=new_id("trace"),
            response_id=response_id,
            owner_id=key.owner_id,
            api_key_id=key.pk,
            started_at=datetime.now(UTC),
            model="gemini-3.8-flash",
            stream=False,
            simulated=True,
            client_request={},
            adaptations=(),
        )
        stored = exchange_records.StoredResponse(machine.response, [ConversationItem(said)], [])
        queue.enqueue(QueuedResponse(stored, trace, told), {"input": "hi", "background": True})
        return response_id

    return make

"""Rows of any age."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import LiteralString, Protocol

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from responses_api.captures.panes import CapturedPane, Pane, pack
from responses_api.models import Capture, Outcome, Response, Trace, Usage
from responses_api.runtime.identifiers import new_id
from responses_api.storage import captures
from tests.responses_api.stored import message, store_response


class MakeTrace(Protocol):
    def __call__(self, days: float, *, captured: bool = False) -> str: ...


@pytest.fixture
def make_trace(alice: User) -> MakeTrace:
    """A trace that began so many days ago, with its usage; its id."""

    def make(days: float, *, captured: bool = False) -> str:
        began = timezone.now() - timedelta(days=days)
        trace = Trace.objects.create(
            id=new_id("trace"),
            response_id=new_id("resp"),
            owner=alice,
            started_at=began,
            ended_at=began,
            outcome=Outcome.COMPLETED,
            model="gemini-3.8-flash",
            stream=True,
            client_request={},
        )
        Usage.objects.create(
            trace=trace, owner=alice, at=began, model=trace.model, source="none", rolled_up=True
        )
        if captured:
            captures.insert(trace.id, [CapturedPane(Pane.SENT, 0, "full", {}, pack(b""), size=0)])
            Capture.objects.filter(trace=trace).update(created_at=began)
        return trace.id

    return make


@pytest.fixture
def make_response(alice: User) -> Callable[..., str]:
    """A stored response of so many days ago; its id."""

    def make(days: float, previous: str | None = None, **fields: object) -> str:
        wire = store_response(alice, [message("hi")], [message("ho", "assistant")], previous=previous)
        made_at = timezone.now() - timedelta(days=days)
        Response.objects.filter(id=wire["id"]).update(created_at=made_at, **fields)
        response_id: str = wire["id"]
        return response_id

    return make


@pytest.fixture
def in_other_session(transactional_db: None) -> Callable[..., AbstractContextManager[None]]:
    """Runs a statement in another session and keeps its transaction for a block."""

    @contextmanager
    def hold(statement: LiteralString, *params: object) -> Iterator[None]:
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute(statement, params)
            yield
            other.rollback()

    return hold

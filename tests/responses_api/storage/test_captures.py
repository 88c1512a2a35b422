import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from responses_api.captures.panes import CapturedPane, Gap, Pane, Piece, pack, pack_stream
from responses_api.models import Capture, Trace
from responses_api.storage import captures

pytestmark = pytest.mark.django_db


@pytest.fixture
def trace(alice: User) -> str:
    Trace.objects.create(
        id="trace_1", owner=alice, started_at=timezone.now(), model="m", stream=True, client_request={}
    )
    return "trace_1"


def document(pane: Pane, call: int, text: bytes = b"{}") -> CapturedPane:
    return CapturedPane(pane, call, "full", {"method": "POST"}, pack(text), size=len(text))


def stream(pane: Pane, call: int, *pieces: Piece | Gap) -> CapturedPane:
    return CapturedPane(pane, call, "preview", {"status": 200}, pack_stream(pieces), size=7, cut=True)


def test_what_is_written_is_read_again(trace: str) -> None:
    captures.insert(
        trace, [document(Pane.CLIENT_REQUEST, 0, b'{"a":1}'), stream(Pane.SENT, 0, Piece(1.5, {"b": 2}))]
    )
    captures.insert(trace, [document(Pane.REQUEST_BEFORE, 2), document(Pane.REQUEST_AFTER, 2, b"no json")])
    captures.insert(trace, [stream(Pane.ANSWER, 1, Piece(1, "x"), Gap(4))])
    with CaptureQueriesContext(connection) as queries:
        found = captures.read(trace)

    assert len(queries) == 1
    assert found is not None
    assert found.client_request == captures.DocumentPane("full", {"method": "POST"}, 7, False, '{"a":1}')
    assert found.client_request.pretty == '{\n  "a": 1\n}'
    assert found.sent == captures.StreamPane("preview", {"status": 200}, 7, True, (Piece(1.5, {"b": 2}),))
    first, second = found.calls
    assert (first.number, first.before, first.after) == (1, None, None)
    assert first.answer is not None
    assert first.answer.pieces == (Piece(1, "x"), Gap(4))
    assert (second.number, second.answer) == (2, None)
    assert second.after is not None
    assert second.after.pretty == "no json"


def test_nothing_captured_is_nothing(trace: str) -> None:
    assert captures.read(trace) is None
    assert captures.read_many([trace, "trace_2"]) == {}


def test_writing_again_changes_nothing(trace: str) -> None:
    captures.insert(trace, [document(Pane.CLIENT_REQUEST, 0, b"1")])
    captures.insert(trace, [document(Pane.CLIENT_REQUEST, 0, b"2"), document(Pane.REQUEST_BEFORE, 1)])
    found = captures.read(trace)
    assert found is not None
    assert found.client_request is not None
    assert (found.client_request.text, len(found.calls)) == ("1", 1)


def test_the_gateways_panes_belong_to_its_transaction(trace: str) -> None:
    write = captures.insert_on_close(trace, [document(Pane.CLIENT_REQUEST, 0)])
    with pytest.raises(RuntimeError), transaction.atomic(), connection.cursor() as cursor:
        write(cursor)
        raise RuntimeError
    assert not Capture.objects.exists()


def test_nothing_is_written_for_a_trace_that_is_gone() -> None:
    captures.insert("trace_2", [document(Pane.CLIENT_REQUEST, 0)])
    assert not Capture.objects.exists()


def test_a_head_may_hold_any_character(trace: str) -> None:
    head = {"path": "/v1\x00/é"}
    captures.insert(trace, [CapturedPane(Pane.CLIENT_REQUEST, 0, "full", head, pack(b""), size=0)])
    assert Capture.objects.get().head == {"path": "/v1\ufffd/é"}

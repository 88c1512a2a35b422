"""The page of one trace: what it shows, and what it costs."""

import html as html_module
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from responses_api.captures.panes import CapturedPane, Gap, Pane, Piece, pack, pack_stream
from responses_api.core.generation_events import UsageReported
from responses_api.models import ApiKey, Item, Response, Trace
from responses_api.storage import captures
from responses_api.storage.unmatched_traces import UnmatchedTrace, record_unmatched
from tests.responses_api.admin.conftest import Book

PAGE = "/admin/responses_api/trace/{}/change/"


def page(operator: Client, pk: str) -> str:
    answer = operator.get(PAGE.format(pk))
    assert answer.status_code == 200
    return html_module.unescape(answer.content.decode())


def cost(operator: Client, pk: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        page(operator, pk)
    return len(captured)


def test_neighbours_are_those_of_the_same_key(operator: Client, book: Book) -> None:
    for number in range(5):
        book(number)
    Trace.objects.filter(pk="trace_3").update(api_key=None)
    shown = operator.get(PAGE.format("trace_2")).context["page"]
    assert shown.later.pk == "trace_1"
    assert shown.earlier.pk == "trace_4"


def test_the_tree_leads_up_and_down(operator: Client, book: Book) -> None:
    for number in range(5):
        book(number)
    Response.objects.filter(pk="resp_0").update(previous_id="resp_2")
    shown = operator.get(PAGE.format("trace_2")).context["page"]
    assert [turn.id for turn in shown.ancestors] == ["resp_4", "resp_3"]
    assert {turn.id for turn in shown.branches} == {"resp_1", "resp_0"}
    assert "How" in shown.ancestors[0].said


def test_the_tree_stays_within_an_owner(operator: Client, book: Book, bob: User) -> None:
    for number in range(3):
        book(number)
    Response.objects.filter(pk__in=["resp_0", "resp_2"]).update(owner=bob)
    shown = operator.get(PAGE.format("trace_1")).context["page"]
    assert (shown.ancestors, shown.branches) == ([], [])


def test_a_circle_of_responses_ends(operator: Client, book: Book) -> None:
    book(0)
    Response.objects.update(previous_id="resp_0")
    assert len(operator.get(PAGE.format("trace_0")).context["page"].ancestors) <= 20


def test_what_was_captured_is_shown_in_four_panes(operator: Client, book: Book) -> None:
    book(0)
    captures.insert(
        "trace_0",
        [
            CapturedPane(Pane.CLIENT_REQUEST, 0, "full", {"method": "POST", "path": "/v1/responses", "headers": [["host", "x"]]}, pack(b'{"model":"m","input":"hey"}'), 20),
            CapturedPane(Pane.SENT, 0, "full", {}, pack_stream([Piece(12.0, {"type": "response.created"}), Gap(7)]), 20),
            CapturedPane(Pane.REQUEST_BEFORE, 1, "full", {}, pack(b'{"before":1}'), 20),
            CapturedPane(Pane.REQUEST_AFTER, 1, "full", {}, pack(b'{"after":1}'), 20, cut=True),
            CapturedPane(Pane.ANSWER, 1, "full", {"status": 200}, pack_stream([Piece(9.0, "<b>raw</b>")]), 20),
        ],
    )  # fmt: skip
    text = page(operator, "trace_0")
    for part in (
        "POST /v1/responses",
        "host: x",
        '"before": 1',
        '"after": 1',
        '{"type":"response.created"}',
        "7 pieces did not fit",
        "12 ms",
        "cut",
    ):
        assert part in text, part
    assert "&lt;b&gt;raw&lt;/b&gt;" in operator.get(PAGE.format("trace_0")).content.decode()
    assert '"input": "hey"' in text.partition("Repeat as curl")[2]
    assert "Not captured" not in text


def test_without_capture_the_page_says_how_to_switch_it_on(operator: Client, book: Book) -> None:
    book(0)
    text = page(operator, "trace_0")
    assert "CONTENT_CAPTURE" in text
    key = ApiKey.objects.get()
    command = text.partition("Repeat as curl")[2]
    assert f"{key.prefix}…" in command
    assert "<b>How</b> are you?" in command


def test_a_response_that_was_not_stored(operator: Client, book: Book) -> None:
    book(0)
    Response.objects.all().delete()
    text = page(operator, "trace_0")
    assert "not stored" in text
    assert "The content of the request is not known" in text


def test_an_error_is_told(operator: Client, book: Book) -> None:
    book(0)
    Trace.objects.update(
        outcome="failed", error={"message": "It <broke>.", "code": "server_error", "param": None}
    )
    answer = operator.get(PAGE.format("trace_0")).content.decode()
    assert "It &lt;broke&gt;." in answer
    assert "server_error" in answer


def test_a_page_costs_the_same_however_much_there_is(operator: Client, book: Book) -> None:
    book(0)
    cost(operator, "trace_0")
    little = cost(operator, "trace_0")
    for number in range(1, 30):
        book(number)
    for position in range(3, 50):
        Item.objects.create(
            response_id="resp_0",
            position=position,
            id=f"more_{position}",
            side="input",
            type="message",
            wire={"type": "message", "content": "x"},
        )
    assert cost(operator, "trace_0") == little
    assert little <= 16


@pytest.mark.parametrize("model", ["response/resp_0", "conversation"])
def test_other_pages_cost_the_same_however_much_there_is(model: str, operator: Client, book: Book) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert (
                operator.get(f"/admin/responses_api/{model}{'/change/' if '/' in model else '/'}").status_code
                == 200
            )
        return len(captured)

    book(0)
    queries()
    before = queries()
    for number in range(1, 10):
        book(number)
    assert queries() == before


@pytest.fixture
def unmatched() -> UnmatchedTrace:
    """A call of somebody else's that passed the interceptor."""
    ended = timezone.now()
    call = UnmatchedTrace(
        id="trace_passing",
        started_at=ended - timedelta(seconds=1),
        ended_at=ended,
        outcome="completed",
        host="models.example.com:8443",
        model="gemini-3.8-flash",
        upstream_model="gemini-3.8-flash-001",
        stream=True,
        request={"user_agent": "other-tool/1"},
        upstream_status=200,
        first_event_ms=250.0,
        duration_ms=1000.0,
        failure=None,
        usage=UsageReported(input_tokens=7, output_tokens=5),
    )
    record_unmatched([call])
    return call


def test_an_unmatched_call_says_what_it_is(operator: Client, book: Book, unmatched: UnmatchedTrace) -> None:
    book(0)
    text = page(operator, unmatched.id)
    for part in ("unmatched", "passed the interceptor", unmatched.host, "HTTP 200", "other-tool/1", "7 in"):
        assert part in text, part
    for part in ("Repeat as curl", "Content on the wire", "Conversation tree", "not stored"):
        assert part not in text, part
    assert "passed the interceptor" not in page(operator, "trace_0")


def test_unmatched_calls_are_beside_each_other(
    operator: Client, book: Book, unmatched: UnmatchedTrace
) -> None:
    record_unmatched(
        [replace(unmatched, id="trace_before", started_at=unmatched.started_at - timedelta(hours=1))]
    )
    book(0)
    Trace.objects.filter(pk="trace_0").update(api_key=None, owner=None)
    shown = operator.get(PAGE.format(unmatched.id)).context["page"]
    assert (shown.earlier.pk, shown.later) == ("trace_before", None)


def test_the_list_marks_them(operator: Client, book: Book, unmatched: UnmatchedTrace) -> None:
    book(0)
    every = operator.get("/admin/responses_api/trace/").content.decode().partition("<tbody")[2]
    assert every.count(unmatched.host) == 1
    answer = operator.get("/admin/responses_api/trace/?kind=unmatched")
    assert [trace.pk for trace in answer.context["cl"].result_list] == [unmatched.id]
    ours = operator.get("/admin/responses_api/trace/?kind=exchange")
    assert [trace.pk for trace in ours.context["cl"].result_list] == ["trace_0"]

import time

import pytest
from pytest_django import Settings

from responses_api.call_headers import CallMarks, answer_headers, read_marks

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def marks(**given: str) -> CallMarks:
    return read_marks({name.replace("_", "-"): value for name, value in given.items()}.get)


def test_the_client_may_name_its_request() -> None:
    assert marks(x_request_id="job-17/b").request_id == "job-17/b"


@pytest.mark.parametrize("offered", ["", "two words", "ümlaut", "line\nbreak", "x" * 129])
def test_a_name_that_is_not_fit_for_a_header_is_replaced(offered: str) -> None:
    made = marks(x_request_id=offered).request_id
    assert made.startswith("req_")
    assert made != marks(x_request_id=offered).request_id


@pytest.mark.parametrize("given", [PARENT, "01" + PARENT[2:] + "-later", "cc" + PARENT[2:]])
def test_a_trace_is_kept(given: str) -> None:
    assert marks(traceparent=given).traceparent == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        PARENT.upper(),
        PARENT[:-1],
        PARENT + "-later",
        "ff" + PARENT[2:],
        "00-" + "0" * 32 + PARENT[35:],
        PARENT[:36] + "0" * 16 + "-01",
        "01" + PARENT[2:] + "-line\nbreak",
    ],
)
def test_a_malformed_trace_is_none(given: str) -> None:
    assert marks(traceparent=given).traceparent is None


def test_every_answer_says_whose_it_is_and_how_long_it_took(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = False
    headers = answer_headers(CallMarks("req_1", None), time.monotonic() - 2)
    assert headers["x-request-id"] == "req_1"
    assert 2000 <= int(headers["openai-processing-ms"]) < 60_000
    assert headers.keys() == {"x-request-id", "openai-version", "openai-processing-ms"}


def test_an_answer_tells_its_trace_and_whether_it_is_simulated(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True
    headers = answer_headers(CallMarks("req_1", PARENT), time.monotonic())
    assert (headers["traceparent"], headers["x-zg-simulated"]) == (PARENT, "true")

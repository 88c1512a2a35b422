"""Parts and actions as the documents want them."""

from responses_api.core.generation_events import TokenLogprob
from responses_api.core.output_items import logprob, open_page_action, refusal, search_action, summary_text


def test_parts() -> None:
    assert summary_text("a") == {"type": "summary_text", "text": "a"}
    assert refusal("a") == {"type": "refusal", "refusal": "a"}


def test_a_search_names_its_first_query_for_clients_that_know_one() -> None:
    assert search_action(("a", "b")) == {"type": "search", "query": "a", "queries": ["a", "b"]}
    assert search_action(()) == {"type": "search", "query": "", "queries": []}


def test_a_page_is_the_first_one() -> None:
    assert open_page_action(("a", "b")) == {"type": "open_page", "url": "a"}
    assert open_page_action(()) == {"type": "open_page", "url": None}


def test_a_log_probability_has_the_bytes_of_its_token() -> None:
    assert logprob(TokenLogprob("\N{EURO SIGN}", -0.25, (("e", -3.0),))) == {
        "token": "\N{EURO SIGN}",
        "logprob": -0.25,
        "bytes": [226, 130, 172],
        "top_logprobs": [{"token": "e", "logprob": -3.0, "bytes": [101]}],
    }

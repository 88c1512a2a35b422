"""Parts as the documents want them."""

from responses_api.core.output_items import output_text, summary_text


def test_a_text_part_has_every_list_that_clients_read() -> None:
    assert output_text("a") == {"type": "output_text", "text": "a", "annotations": [], "logprobs": []}


def test_a_summary_part() -> None:
    assert summary_text("a") == {"type": "summary_text", "text": "a"}


def test_parts_share_nothing() -> None:
    first, second = output_text("a"), output_text("a")
    first["annotations"].append({})
    assert second["annotations"] == []

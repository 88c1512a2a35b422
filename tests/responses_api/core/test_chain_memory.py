"""What one connection remembers: the latest of each lane, and no more than there is room for."""

from responses_api.core.chain_memory import ChainMemory
from responses_api.core.conversation import ConversationItem, UpstreamFacts


def chain(*texts: str) -> list[ConversationItem]:
    content = [[{"type": "input_text", "text": text}] for text in texts]
    return [ConversationItem({"type": "message", "role": "user", "content": part}) for part in content]


def test_a_chain_comes_back_as_it_was() -> None:
    memory, said = ChainMemory(10_000), chain("one", "two")
    memory.remember(None, "resp_1", said)

    assert list(memory.chains["resp_1"]) == said
    said.clear()
    assert len(memory.chains["resp_1"]) == 2


def test_a_lane_that_moves_on_replaces_its_response() -> None:
    memory = ChainMemory(10_000)
    memory.remember(None, "resp_1", chain("one"))
    memory.remember(None, "resp_2", chain("one", "two"))
    memory.remember("other", "resp_3", chain("three"))

    assert set(memory.chains) == {"resp_2", "resp_3"}


def test_a_failed_continuation_evicts_what_its_own_lane_continued() -> None:
    memory = ChainMemory(10_000)
    memory.remember("a", "resp_1", chain("one"))

    memory.forget("b", "resp_1")
    memory.forget(None, "resp_1")
    memory.forget("a", "resp_unknown")
    memory.forget("a", None)
    assert set(memory.chains) == {"resp_1"}
    memory.forget("a", "resp_1")
    assert not memory.chains


def test_the_lanes_that_moved_on_longest_ago_make_room() -> None:
    memory = ChainMemory(3000)
    memory.remember("a", "resp_a", chain("x" * 1000))
    memory.remember("b", "resp_b", chain("x" * 1000))
    memory.remember("a", "resp_a2", chain("x" * 1000))
    memory.remember("c", "resp_c", chain("x" * 1000))

    assert set(memory.chains) == {"resp_a2", "resp_c"}


def test_a_chain_that_is_too_long_is_not_kept_nor_what_it_continued() -> None:
    memory = ChainMemory(3000)
    memory.remember("a", "resp_1", chain("one"))
    memory.remember("a", "resp_2", chain("one", "x" * 3000))

    assert not memory.chains


def test_what_the_upstream_attached_counts_too() -> None:
    memory = ChainMemory(3000)
    (item,) = chain("one")
    facts = UpstreamFacts(signature="s" * 2000, parts=({"executableCode": {"code": "c" * 2000}},))
    memory.remember(None, "resp_1", [ConversationItem(item.wire, upstream=facts)])

    assert not memory.chains

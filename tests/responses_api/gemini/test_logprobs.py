from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import TokenLogprob
from responses_api.gemini.attachments import LogprobsResult, LogprobsToken, TopCandidates
from responses_api.gemini.logprobs import LogprobWalk, TextPiece


def result(*tokens: str) -> LogprobsResult:
    return LogprobsResult(tuple(LogprobsToken(token, -0.5) for token in tokens))


def shared(walk: LogprobWalk, tokens: LogprobsResult | None, *pieces: TextPiece) -> list[list[str]]:
    return [[token.token for token in share] for share in walk.share(tokens, pieces)]


def test_a_token_belongs_to_the_piece_in_which_it_begins() -> None:
    shares = shared(
        LogprobWalk(), result("On", "e two", " three"), (True, "One"), (True, " two"), (True, " three")
    )
    assert shares == [["On", "e two"], [], [" three"]]


def test_tokens_of_thoughts_are_dropped() -> None:
    pieces = ((False, "Hm. "), (True, "Yes."), (False, "Sure?"))
    assert shared(LogprobWalk(), result("Hm", ". Y", "es", ".", "Su", "re?"), *pieces) == [
        [],
        ["es", "."],
        [],
    ]


def test_the_alternatives_best_first() -> None:
    tops = (TopCandidates((LogprobsToken("b", -2.0), LogprobsToken("a", -0.1), LogprobsToken("c", -2.0))),)
    tokens = LogprobsResult((LogprobsToken("a", -0.1), LogprobsToken("z")), tops)
    assert LogprobWalk().share(tokens, [(True, "az")]) == [
        (TokenLogprob("a", -0.1, (("a", -0.1), ("b", -2.0), ("c", -2.0))), TokenLogprob("z", 0.0))
    ]


def test_a_token_that_ends_in_the_next_chunk() -> None:
    walk = LogprobWalk()
    assert shared(walk, result("wonderfully"), (True, "wonder")) == [["wonderfully"]]
    assert shared(walk, None, (True, "ful")) == [[]]
    assert shared(walk, result(" done"), (True, "ly done")) == [[" done"]]


def test_tokens_that_come_early_wait_for_their_text() -> None:
    walk = LogprobWalk()
    assert shared(walk, result("One"), (True, "One")) == [["One"]]
    assert shared(walk, result(" two"), *()) == []
    assert shared(walk, result(" three", " four"), (True, " two three")) == [[" two", " three"]]
    assert shared(walk, None, (True, " four")) == [[" four"]]
    assert shared(walk, result("<end>")) == []


def test_waiting_tokens_that_never_become_text_are_dropped() -> None:
    walk = LogprobWalk()
    assert shared(walk, result("One", "<end>"), (True, "One")) == [["One"]]
    assert shared(walk, result(" two"), (True, " two")) == [[" two"]]


def test_where_the_tokens_are_not_the_text_all_go_with_the_first_visible_piece() -> None:
    walk = LogprobWalk()
    pieces = ((False, "Hm."), (True, "One"), (True, " two"))
    assert shared(walk, result("Hm.", "Uno", " due"), *pieces) == [[], ["Hm.", "Uno", " due"], []]
    assert shared(walk, result("x"), (False, "Hm.")) == [[]]
    assert shared(walk, result(" three"), (True, " three")) == [[" three"]]


def test_no_tokens_at_all() -> None:
    assert shared(LogprobWalk(), None, (True, "One"), (False, "Hm")) == [[], []]


TEXTS = st.text(st.sampled_from("ab é東👋"), max_size=12)


def cut(text: str, cuts: list[int]) -> list[str]:
    places = sorted(min(cut, len(text)) for cut in cuts)
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


CUTS = st.lists(st.integers(0, 12), max_size=5)


@given(st.lists(st.tuples(st.booleans(), TEXTS.filter(bool)), min_size=1, max_size=4), CUTS, CUTS)
def test_every_visible_token_is_given_once_and_in_order(
    pieces: list[TextPiece], cuts: list[int], chunks: list[int]
) -> None:
    """However tokens and chunks are cut, each token goes to the piece that holds its first character."""
    joined = "".join(text for _, text in pieces)
    tokens = [token for token in cut(joined, [place * 2 for place in cuts]) if token]
    owners = [place for place, (_, text) in enumerate(pieces) for _ in text]
    wanted: list[list[str]] = [[] for _ in pieces]
    position = 0
    for token in tokens:
        if pieces[owners[position]][0]:
            wanted[owners[position]].append(token)
        position += len(token)

    edges = sorted({min(edge, len(pieces)) for edge in chunks} | {len(pieces)})
    walk, given_tokens, found = LogprobWalk(), 0, []
    start = 0
    for end in edges:
        size = sum(len(text) for _, text in pieces[:end])
        upto = next((n for n in range(len(tokens) + 1) if len("".join(tokens[:n])) >= size), len(tokens))
        found += shared(walk, result(*tokens[given_tokens:upto]), *pieces[start:end])
        start, given_tokens = end, upto
    assert found == wanted

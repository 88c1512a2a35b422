"""Which token of the answer belongs to which piece of its text. Pure.

The upstream lists the tokens of a chunk apart from its parts, thoughts and answer in one
list. Walking along the texts tells them apart.
"""

from collections.abc import Sequence

from responses_api.core.generation_events import TokenLogprob
from responses_api.gemini.attachments import LogprobsResult, LogprobsToken

type TextPiece = tuple[bool, str]
"""Whether it is visible (no thought), and the text."""
type Tokens = tuple[TokenLogprob, ...]


class LogprobWalk:
    """Hands the tokens of one answer to its texts, chunk by chunk."""

    def __init__(self) -> None:
        self._waiting: Tokens = ()
        self._owed = ""

    def share(self, result: LogprobsResult | None, pieces: Sequence[TextPiece]) -> list[Tokens]:
        """The tokens of each of ``pieces``, the texts of one chunk in their order.

        A token belongs to the piece in which it begins; one that begins in a thought is dropped.
        Tokens beyond the chunk's texts wait for the next text, and are dropped if none comes.
        Where the tokens are not the text, all go with the first visible piece, for the list
        as a whole is still what was asked for.
        """
        fresh = () if result is None else _tokens(result)
        tokens = self._waiting + fresh
        if not pieces:
            self._waiting = tokens
            return []
        joined = "".join(text for _, text in pieces)
        starts = self._walk(tokens, joined)
        if starts is None and self._waiting:
            tokens = fresh
            starts = self._walk(tokens, joined)
        if starts is None:
            self._waiting, self._owed = (), ""
            return _all_to_first_visible(tokens, pieces)
        self._waiting = tokens[len(starts) :]
        self._owed = (
            tokens[len(starts) - 1].token[len(joined) - starts[-1] :] if starts else self._owed[len(joined) :]
        )
        return _by_piece(tokens, starts, pieces)

    def _walk(self, tokens: Tokens, joined: str) -> list[int] | None:
        """Where in ``joined`` each token begins, as far as it reaches; None where they disagree.

        What the token before owes, because its end had not come yet, stands at the beginning.
        """
        position = len(self._owed) if _agree(joined, self._owed) else 0
        starts: list[int] = []
        for token in tokens:
            if position >= len(joined):
                break
            if not _agree(joined[position:], token.token):
                return None
            starts.append(position)
            position += len(token.token)
        return starts


def _agree(text: str, token: str) -> bool:
    """Whether ``text`` begins with ``token``, or is but its beginning."""
    return text.startswith(token) or token.startswith(text)


def _tokens(result: LogprobsResult) -> Tokens:
    chosen, tops = result.chosen_candidates, result.top_candidates
    return tuple(
        TokenLogprob(
            token.token,
            token.log_probability,
            _best_first(tops[place].candidates) if place < len(tops) else (),
        )
        for place, token in enumerate(chosen)
    )


def _best_first(candidates: Sequence[LogprobsToken]) -> tuple[tuple[str, float], ...]:
    pairs = ((candidate.token, candidate.log_probability) for candidate in candidates)
    return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def _all_to_first_visible(tokens: Tokens, pieces: Sequence[TextPiece]) -> list[Tokens]:
    first = next((place for place, (visible, _) in enumerate(pieces) if visible), None)
    return [tokens if place == first else () for place in range(len(pieces))]


def _by_piece(tokens: Tokens, starts: Sequence[int], pieces: Sequence[TextPiece]) -> list[Tokens]:
    shares: list[Tokens] = []
    begin = end = taken = 0
    for visible, text in pieces:
        end += len(text)
        while taken < len(starts) and starts[taken] < end:
            taken += 1
        shares.append(tokens[begin:taken] if visible else ())
        begin = taken
    return shares

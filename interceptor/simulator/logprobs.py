"""Log probabilities of a piece of text: one token per word, made up but consistent. Pure."""

import re

from .values import JsonObject

_TOKEN = re.compile(r"\s*\S+\s*?|\s+")


def logprobs_result(text: str, alternatives: int) -> JsonObject:
    """``logprobsResult``: the chosen tokens joined are ``text``; each is the first of its alternatives."""
    tokens = _TOKEN.findall(text)
    chosen = [_candidate(token, 0) for token in tokens]
    result: JsonObject = {"chosenCandidates": chosen}
    if alternatives:
        result["topCandidates"] = [
            {
                "candidates": [
                    _candidate(token if rank == 0 else f"{token}{rank}", rank) for rank in range(alternatives)
                ]
            }
            for token in tokens
        ]
    return result


def _candidate(token: str, rank: int) -> JsonObject:
    return {"token": token, "tokenId": 100 + len(token) + rank, "logProbability": -0.125 - rank}

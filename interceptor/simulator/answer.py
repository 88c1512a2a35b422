"""What the simulated model says: its text, its thoughts, its function calls. Pure and deterministic."""

import re
from functools import cache

import msgspec

from .directives import PlannedCall
from .json_sample import sample, sample_object
from .models import MODELS
from .prompt import Medium, Prompt, read_prompt
from .values import JsonObject

_WORDS = (
    "amber basket candle dolphin ember forest garden harbor island jacket kettle lantern meadow nutmeg "
    "orchard pebble quartz ribbon saddle thistle umbrella velvet willow yellow zephyr"
).split()
_WORDS_PER_CHUNK = 4
_CHARACTERS_PER_CHUNK = 24
_MOST_DEFAULT_CHUNKS = 64
_QUOTED = 500
_COMMON_WORDS = frozenset(
    "all and call for from function functions get make new run set the tool tools use with you".split()
)
_WEATHER = "Today it is 20 °C in Zürich. Tomorrow it will rain in Genève."


def expected_text(prompt: str, model: str = "gemini-3.8-flash") -> str:
    """The answer text to a request that consists of ``prompt`` alone; load generators check against it."""
    body: JsonObject = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    return answer_text(read_prompt(MODELS[model], body), b"")


def answer_text(prompt: Prompt, raw_body: bytes) -> str:
    """The whole answer text, before any limit cuts it; ``raw_body`` is for ``[[echo_request]]``."""
    directives = prompt.directives
    if directives.text is not None:
        return directives.text
    if directives.echo_request:
        return raw_body.decode("utf-8", "replace")
    if prompt.json_schema is not None:
        return _json_text(prompt.json_schema)
    if directives.chunks is not None:
        return "".join(_word_chunk(index) for index in range(directives.chunks))
    return _reflection(prompt)


def has_scripted_text(prompt: Prompt) -> bool:
    """Whether a directive fixes the text; then the turn's own words call nothing."""
    directives = prompt.directives
    return directives.text is not None or directives.chunks is not None or directives.echo_request


def cut(text: str, chunks: int | None) -> list[str]:
    """``text`` in exactly ``chunks`` pieces, fewer if it is shorter; by default, of about 24 characters."""
    if not text:
        return []
    if chunks is None:
        chunks = min(-(-len(text) // _CHARACTERS_PER_CHUNK), _MOST_DEFAULT_CHUNKS)
    chunks = max(1, min(chunks, len(text)))
    edges = [len(text) * index // chunks for index in range(chunks + 1)]
    return [text[start:end] for start, end in zip(edges, edges[1:], strict=False)]


def thoughts(prompt: Prompt) -> list[str]:
    """The thought summaries, one per chunk; thought in any case, sent only if asked for."""
    if not prompt.thinks:
        return []
    number = 1 if prompt.directives.thoughts is None else prompt.directives.thoughts
    return [f"**Step {index + 1}**\n\nLooking at what the user wants. " for index in range(number)]


def function_calls(prompt: Prompt) -> list[JsonObject]:
    """The calls to make, ``{name, args}`` each: as directed, as forced, or as the text suggests."""
    if prompt.directives.calls:
        return [
            {"name": planned.name, "args": _arguments(prompt, planned)}
            for planned in prompt.directives.calls
            for _ in range(planned.times)
        ]
    listens = not prompt.results and not has_scripted_text(prompt)
    names = _mentioned(prompt.text, list(prompt.functions)) if listens else []
    if not names and prompt.must_call:
        names = list(prompt.functions)[:1]
    return [{"name": name, "args": _sample_arguments(prompt.functions[name])} for name in names]


def _arguments(prompt: Prompt, planned: PlannedCall) -> JsonObject:
    if planned.args is not None:
        return planned.args
    declared = prompt.functions.get(planned.name)
    return {} if declared is None else _sample_arguments(declared)


def _sample_arguments(declared: JsonObject) -> JsonObject:
    for name in ("parametersJsonSchema", "parameters"):
        if name in declared:
            return sample_object(declared[name])
    return {}


def _mentioned(text: str, names: list[str]) -> list[str]:
    """Every function that the text names; failing that, the one whose name shares a word with it."""
    said = set(_words(text))
    named = [name for name in names if re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w:-])", text)]
    if named:
        return named
    return [name for name in names if said & _telling_words(name)][:1]


@cache
def _telling_words(name: str) -> frozenset[str]:
    """Words of a function's name that would give it away in a sentence: ``get_weather`` -> weather."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return frozenset(word for word in _words(spaced) if len(word) > 2 and word not in _COMMON_WORDS)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _json_text(schema: JsonObject | bool) -> str:
    value = {"answer": "sample"} if schema is True or schema == {} else sample(schema)
    return msgspec.json.encode(value).decode()


@cache
def _word_chunk(index: int) -> str:
    start = index * _WORDS_PER_CHUNK
    words = (_WORDS[(start + offset * (1 + index % 3)) % len(_WORDS)] for offset in range(_WORDS_PER_CHUNK))
    return " ".join(words) + " "


def _reflection(prompt: Prompt) -> str:
    """Sentences that show what of the request has arrived."""
    said = []
    if prompt.results:
        said += [f"{result['name']} returned {_shown(result['response'])}." for result in prompt.results]
    if prompt.text or not prompt.results:
        said.append(f"You said: {prompt.text[:_QUOTED]}")
    said += [_described(medium) for medium in prompt.media]
    if prompt.earlier_turns:
        said.append(f"There were {prompt.earlier_turns} earlier turns.")
    if prompt.has_system:
        said.append("I follow a system instruction.")
    if "googleSearch" in prompt.tools:
        said.append(_WEATHER)
    return "\n".join(said)


def _shown(response: JsonObject) -> str:
    return msgspec.json.encode(response).decode()[:_QUOTED]


def _described(medium: Medium) -> str:
    size = "linked" if medium.size is None else f"{medium.size} bytes"
    return f"I see {medium.mime_type} ({size})."

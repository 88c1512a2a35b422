"""What a request asks the simulated model: its last turn, its tools and its settings, read once.

Pure. The body has passed ``validation`` and ``rules``.
"""

from dataclasses import dataclass

from .continuation import continuation_token, current_hop
from .directives import Directives, parse_directives
from .grounding import addresses_in, search_query
from .models import Budget, Levels, Model
from .rules import calling_mode, function_declarations, hosted_tools
from .values import JsonObject, Part


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or file of the last turn; ``size`` in bytes, None when only its address is known."""

    mime_type: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request, as far as it shapes the answer.

    Attributes:
        text: text of the last user turn, without directives.
        results: function responses of the last turn.
        earlier_turns: number of contents before the last one.
        functions: declarations that may be called, by name; empty in mode NONE.
        must_call: mode ANY.
        tools: names of hosted tools.
        shows_invocations: whether the steps of hosted tools are to be among the answer's parts.
        query, addresses: what a search would look for, and what pages would be opened.
        writes, draws: whether text, and pictures, are wanted.
        thinks, shows_thoughts: whether the model thinks, and whether thoughts are sent.
        json_schema: schema of the JSON answer (True: any), or None for a text answer.
        max_tokens: most tokens of thoughts and answer together.
        hop: which of the answer's upstream calls this is, from 0.
        next_hop: token for the one after it; None where this is the last.
    """

    text: str
    directives: Directives
    media: tuple[Medium, ...]
    results: tuple[JsonObject, ...]
    earlier_turns: int
    has_system: bool
    functions: dict[str, JsonObject]
    must_call: bool
    tools: tuple[str, ...]
    shows_invocations: bool
    query: str
    addresses: list[str]
    writes: bool
    draws: bool
    thinks: bool
    shows_thoughts: bool
    json_schema: JsonObject | bool | None
    stop_sequences: tuple[str, ...]
    max_tokens: int
    logprobs: int | None
    hop: int
    hops: int
    next_hop: str | None

    @property
    def is_muddled(self) -> bool:
        """Whether the user speaks in the same content that holds function results."""
        return bool(self.results and self.text)


def last_text(body: JsonObject) -> str:
    """Text of the last content and of the function results in it, directives included."""
    parts: list[Part] = body["contents"][-1]["parts"]
    return "\n".join([_text(parts), *_results_text(parts)])


def _text(parts: list[Part]) -> str:
    return "\n".join(part["text"] for part in parts if "text" in part)


def _results_text(parts: list[Part]) -> list[str]:
    responses = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
    return [value for response in responses for value in response.values() if isinstance(value, str)]


def read_prompt(model: Model, body: JsonObject) -> Prompt:
    """Read a checked body.

    Raises:
        BadDirective: the last turn holds a directive with an unusable value.
    """
    parts: list[Part] = body["contents"][-1]["parts"]
    directives, text = parse_directives(_text(parts))
    if _results_text(parts):
        directives, _ = parse_directives(last_text(body))
    hops = _hops(model, directives)
    hop = current_hop(model, body)
    hop = min(hop, hops - 1) if isinstance(hop, int) else 0
    config: JsonObject = body.get("generationConfig", {})
    modalities = config.get("responseModalities") or (["TEXT", "IMAGE"] if model.makes_images else ["TEXT"])
    thinking = config.get("thinkingConfig", {})
    thinks = _thinks(model, thinking)
    return Prompt(
        text=text,
        directives=directives,
        media=tuple(_media(parts)),
        results=tuple(part["functionResponse"] for part in parts if "functionResponse" in part),
        earlier_turns=len(body["contents"]) - 1,
        has_system="systemInstruction" in body,
        functions=_callable(body),
        must_call=calling_mode(body) == "ANY",
        tools=tuple(hosted_tools(body)),
        shows_invocations=bool(body.get("toolConfig", {}).get("includeServerSideToolInvocations")),
        query=directives.search or search_query(text),
        addresses=addresses_in(text),
        writes="TEXT" in modalities,
        draws="IMAGE" in modalities,
        thinks=thinks,
        shows_thoughts=thinks and bool(thinking.get("includeThoughts")),
        json_schema=_json_schema(config),
        stop_sequences=tuple(config.get("stopSequences", ())),
        max_tokens=min(config.get("maxOutputTokens", model.output_limit), model.output_limit),
        logprobs=config.get("logprobs", 0) if config.get("responseLogprobs") else None,
        hop=hop,
        hops=hops,
        next_hop=continuation_token(model, body, hop + 1) if hop + 1 < hops else None,
    )


def _hops(model: Model, directives: Directives) -> int:
    """In how many upstream calls the answer comes; in one only where nothing could go on."""
    if not model.is_gemini_4:
        return 1
    return max(directives.hops, 2 if directives.finish == "CONTINUATION" else 1)


def _thinks(model: Model, thinking: JsonObject) -> bool:
    match model.thinking:
        case Levels(default=default):
            level = thinking.get("thinkingLevel", "THINKING_LEVEL_UNSPECIFIED").upper()
            chosen = default if level == "THINKING_LEVEL_UNSPECIFIED" else level
            return chosen != "MINIMAL"
        case Budget(default=budget):
            return bool(thinking.get("thinkingBudget", budget) != 0)
        case None:
            return False


def _callable(body: JsonObject) -> dict[str, JsonObject]:
    if calling_mode(body) == "NONE":
        return {}
    declared = {function["name"]: function for function in function_declarations(body)}
    allowed = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("allowedFunctionNames")
    return declared if allowed is None else {name: declared[name] for name in allowed}


def _json_schema(config: JsonObject) -> JsonObject | bool | None:
    if config.get("responseMimeType", "text/plain") == "text/plain":
        return None
    for name in ("responseJsonSchema", "responseSchema"):
        if name in config:
            schema: JsonObject | bool = config[name]
            return schema
    return True


def _media(parts: list[Part]) -> list[Medium]:
    media = []
    for part in parts:
        if inline := part.get("inlineData"):
            padding = inline["data"].count("=", -2)
            media.append(Medium(inline["mimeType"], len(inline["data"]) * 3 // 4 - padding))
        elif file := part.get("fileData"):
            media.append(Medium(file.get("mimeType", "application/octet-stream"), None))
    return media

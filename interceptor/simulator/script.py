"""A checked request -> the chunks of its answer, as complete GenerateContentResponse objects.

Pure: ids come in as a callable. The stream and the single answer are the same chunks;
``merged`` joins them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .answer import answer_text, cut, function_calls, has_scripted_text, thoughts
from .grounding import grounding_metadata, url_context_metadata
from .hosted import opened_pages, picture, program, search
from .logprobs import logprobs_result
from .models import Model
from .prompt import Prompt
from .signatures import sign
from .tokens import CHARACTERS_PER_TOKEN, part_length, tokens_of_length
from .values import JsonObject, Part

type NewId = Callable[[], str]

_TOKENS_OF_A_PICTURE = 1290
_BLOCKING = {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "IMAGE_SAFETY"}


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one chunk says."""

    parts: list[Part]
    candidate: JsonObject = field(default_factory=dict)


def script(
    model: Model, prompt: Prompt, raw_body: bytes, prompt_tokens: int, new_id: NewId
) -> list[JsonObject]:
    """The chunks to send, in order; at least one."""
    envelope = {"modelVersion": model.id, "responseId": new_id()}
    usage = _Usage(prompt_tokens, prompt.directives.cached, prompt.directives.tool_prompt)
    if block := prompt.directives.block:
        return [{"promptFeedback": _feedback(block), "usageMetadata": usage.to_json(), **envelope}]
    if prompt.thinks and not prompt.shows_thoughts:
        usage.thought_characters = sum(map(len, thoughts(prompt)))
    pieces, ran_out = _within_budget(_pieces(model, prompt, raw_body, new_id), prompt.max_tokens, usage)
    pieces = _finished(model, prompt, pieces, ran_out=ran_out)
    return [_chunk(piece, usage, envelope) for piece in pieces]


def _chunk(piece: _Piece, usage: "_Usage", envelope: JsonObject) -> JsonObject:
    for part in piece.parts:
        usage.add(part)
    content: JsonObject = {"content": {"parts": piece.parts, "role": "model"}} if piece.parts else {}
    candidate = {**content, **piece.candidate, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage.to_json(), **envelope}


@dataclass(slots=True)
class _Usage:
    """Running totals of one answer; characters are kept, so that rounding happens once."""

    prompt_tokens: int
    cached_tokens: int
    tool_tokens: int
    thought_characters: int = 0
    answer_characters: int = 0

    @property
    def output_tokens(self) -> int:
        return tokens_of_length(self.thought_characters) + tokens_of_length(self.answer_characters)

    def add(self, part: Part) -> None:
        if part.get("thought"):
            self.thought_characters += part_length(part)
        else:
            self.answer_characters += part_length(part)
            if "inlineData" in part:
                self.answer_characters += _TOKENS_OF_A_PICTURE * CHARACTERS_PER_TOKEN

    def to_json(self) -> JsonObject:
        """``usageMetadata``: zero counts are omitted; the total is the sum of the shown ones."""
        prompt = max(self.prompt_tokens, self.cached_tokens)
        counts = {
            "promptTokenCount": prompt,
            "candidatesTokenCount": tokens_of_length(self.answer_characters),
            "thoughtsTokenCount": tokens_of_length(self.thought_characters),
            "toolUsePromptTokenCount": self.tool_tokens,
        }
        shown: JsonObject = {name: count for name, count in counts.items() if count}
        shown["totalTokenCount"] = sum(shown.values())
        if self.cached_tokens:
            shown["cachedContentTokenCount"] = self.cached_tokens
            shown["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": self.cached_tokens}]
        shown["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": prompt}]
        return shown


def _pieces(model: Model, prompt: Prompt, raw_body: bytes, new_id: NewId) -> Iterator[_Piece]:
    """Everything the model would say in this hop if nothing limited it."""
    directives = prompt.directives
    if prompt.shows_thoughts and not prompt.hop:
        for thought in thoughts(prompt):
            yield _Piece([{"text": thought, "thought": True}])
        if prompt.draws and directives.images:
            yield _Piece([{**picture(directives.images), "thought": True}])
    if directives.thinking_only or directives.no_content or (prompt.is_muddled and not model.is_gemini_2):
        return
    calls = function_calls(prompt)
    says_something = not calls or has_scripted_text(prompt)
    if not prompt.hop and not prompt.results:
        yield from _hosted_pieces(model, prompt, new_id, unasked=says_something)
    if says_something and prompt.writes:
        yield from _text_pieces(prompt, raw_body)
    if prompt.next_hop is None:
        if prompt.draws:
            yield from _pictures(model, prompt)
        yield from _call_pieces(model, prompt, calls, new_id)


def _hosted_pieces(model: Model, prompt: Prompt, new_id: NewId, *, unasked: bool) -> Iterator[_Piece]:
    """What the server's own tools do; before a function call, only what a directive asks for."""
    directives = prompt.directives
    signed = model.needs_signatures and directives.signature != "off"
    if "codeExecution" in prompt.tools and unasked:
        yield from (_Piece([part]) for part in program(directives.code))
    if not prompt.shows_invocations or model.is_gemini_2:
        return
    if "googleSearch" in prompt.tools and (unasked or directives.search):
        yield from (_Piece([part]) for part in search(model, prompt.query, new_id(), signed=signed))
    if "urlContext" in prompt.tools and prompt.addresses and unasked:
        yield from (_Piece([part]) for part in opened_pages(model, prompt.addresses, new_id(), signed=signed))


def _text_pieces(prompt: Prompt, raw_body: bytes) -> Iterator[_Piece]:
    text = answer_text(prompt, raw_body)
    for stop in prompt.stop_sequences:
        text = text.partition(stop)[0]
    if prompt.directives.finish == "CONTINUATION" and prompt.hops == 1:
        text = text[: len(text) // 2]
    start, end = (len(text) * hop // prompt.hops for hop in (prompt.hop, prompt.hop + 1))
    for piece in cut(text[start:end], prompt.directives.chunks):
        candidate = (
            {} if prompt.logprobs is None else {"logprobsResult": logprobs_result(piece, prompt.logprobs)}
        )
        yield _Piece([{"text": piece}], candidate)


def _pictures(model: Model, prompt: Prompt) -> Iterator[_Piece]:
    """The pictures of an image model, signed from Gemini 3 on, each in a chunk of its own."""
    for number in range(prompt.directives.images):
        part = picture(number)
        if not model.is_gemini_2 and prompt.directives.signature != "off":
            part["thoughtSignature"] = sign(model, part)
        yield _Piece([part])


def _call_pieces(model: Model, prompt: Prompt, calls: list[JsonObject], new_id: NewId) -> Iterator[_Piece]:
    parts: list[Part] = []
    for order, call in enumerate(calls):
        identity = {} if model.is_gemini_2 else {"id": new_id()}
        part: Part = {"functionCall": {**identity, **call}}
        if order == 0 and model.needs_signatures and prompt.directives.signature != "off":
            part["thoughtSignature"] = sign(model, part)
        parts.append(part)
    if prompt.directives.calls_spread:
        yield from (_Piece([part]) for part in parts)
    elif parts:
        yield _Piece(parts)


def _within_budget(pieces: Iterator[_Piece], budget: int, spent: _Usage) -> tuple[list[_Piece], bool]:
    """The pieces that fit into ``budget`` tokens, the last text cut to measure; whether some were cut off."""
    total = _Usage(0, 0, 0, spent.thought_characters)
    kept: list[_Piece] = []
    if total.output_tokens > budget:
        spent.thought_characters = budget * CHARACTERS_PER_TOKEN
        return kept, True
    for piece in pieces:
        before = total.output_tokens
        for part in piece.parts:
            total.add(part)
        if total.output_tokens <= budget:
            kept.append(piece)
            continue
        part = piece.parts[0]
        room = (budget - before) * CHARACTERS_PER_TOKEN
        if room > 0 and "text" in part:
            kept.append(_Piece([{**part, "text": part["text"][:room]}]))
        return kept, True
    return kept, False


def _finished(model: Model, prompt: Prompt, pieces: list[_Piece], *, ran_out: bool) -> list[_Piece]:
    """``pieces`` with signature, finish reason and grounding where this model line puts them."""
    directives = prompt.directives
    reason = "MAX_TOKENS" if ran_out else _reason(prompt)
    end: JsonObject = {} if directives.no_finish else _ending(prompt, reason)
    end |= _attachments(prompt, pieces, "".join(_answer_text_of(piece) for piece in pieces))
    signs = directives.signature != "off"
    called = any("functionCall" in part for piece in pieces for part in piece.parts)
    if called:
        pieces = [*pieces, _Piece([{"text": ""}], end)]
    elif (
        signs
        and prompt.thinks
        and prompt.next_hop is None
        and not prompt.draws
        and not model.is_gemini_2
        and not directives.no_content
        and not prompt.is_muddled
    ):
        closing: Part = {"text": ""}
        pieces = [*pieces, _Piece([{**closing, "thoughtSignature": sign(model, closing)}], end)]
    elif pieces:
        pieces = [*pieces[:-1], _Piece(pieces[-1].parts, {**pieces[-1].candidate, **end})]
    else:
        pieces = [_Piece([], end)]
    if model.is_gemini_2 and prompt.functions and prompt.thinks and signs:
        _sign_first(model, pieces)
    return pieces


def _sign_first(model: Model, pieces: list[_Piece]) -> None:
    """Gemini 2.5 with functions: the signature sits on the first part that is no thought."""
    for piece in pieces:
        for part in piece.parts:
            if not part.get("thought"):
                part["thoughtSignature"] = sign(model, part)
                return


def _answer_text_of(piece: _Piece) -> str:
    return "".join(part.get("text", "") for part in piece.parts if not part.get("thought"))


def _reason(prompt: Prompt) -> str:
    """Why the model stops by itself; the answer as a whole ends in its last hop."""
    if prompt.next_hop is not None:
        return "CONTINUATION"
    asked = prompt.directives.finish or "STOP"
    return "STOP" if asked == "CONTINUATION" and prompt.hops > 1 else asked


def _ending(prompt: Prompt, reason: str) -> JsonObject:
    end: JsonObject = {"finishReason": reason}
    if reason in _BLOCKING:
        end["safetyRatings"] = _ratings(blocked=True)
    message = prompt.directives.finish_message
    if message is None and reason.startswith(("MALFORMED", "UNEXPECTED", "TOO_MANY", "MISSING")):
        message = f"Simulated {reason.lower().replace('_', ' ')}."
    if message is not None:
        end["finishMessage"] = message
    if reason == "CONTINUATION" and prompt.next_hop is not None:
        end["continuationToken"] = prompt.next_hop
    return end


def _attachments(prompt: Prompt, pieces: list[_Piece], text: str) -> JsonObject:
    """Grounding and page reports of an answer that used hosted tools."""
    attached: JsonObject = {}
    if "googleSearch" in prompt.tools and text:
        attached["groundingMetadata"] = grounding_metadata(
            prompt.query, text, _text_part_index(pieces), prompt.directives.ground
        )
    if "urlContext" in prompt.tools and (report := url_context_metadata(prompt.addresses)):
        attached["urlContextMetadata"] = report
    return attached


def _text_part_index(pieces: list[_Piece]) -> int:
    """Place of the answer's text among the parts of the whole candidate."""
    parts = merged_parts([part for piece in pieces for part in piece.parts])
    return next((index for index, part in enumerate(parts) if "text" in part and not part.get("thought")), 0)


def _feedback(block: str) -> JsonObject:
    return {"blockReason": block, "safetyRatings": _ratings(blocked=True)}


def _ratings(*, blocked: bool) -> list[JsonObject]:
    return [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": blocked}]


def merged(chunks: list[JsonObject]) -> JsonObject:
    """The one answer of generateContent: all parts, the last of everything else."""
    last = chunks[-1]
    if "candidates" not in last:
        return last
    candidates = [chunk["candidates"][0] for chunk in chunks]
    parts = merged_parts([part for one in candidates for part in one.get("content", {}).get("parts", ())])
    whole = {name: value for name, value in candidates[-1].items() if name != "content"}
    logprobs = [one["logprobsResult"] for one in candidates if "logprobsResult" in one]
    if logprobs:
        whole["logprobsResult"] = {
            name: [entry for result in logprobs for entry in result[name]] for name in logprobs[0]
        }
    content: JsonObject = {"content": {"parts": parts, "role": "model"}} if parts else {}
    return {**last, "candidates": [{**content, **whole}]}


def merged_parts(parts: list[Part]) -> list[Part]:
    """Neighbouring pieces of one text joined; a closing empty text leaves only its signature behind."""
    result: list[Part] = []
    for part in parts:
        previous = result[-1] if result else {}
        if _continues(previous, part):
            result[-1] = {**previous, **part, "text": previous["text"] + part["text"]}
        elif part.get("text") != "" or "thoughtSignature" in part:
            result.append(part)
    return result


def _continues(previous: Part, part: Part) -> bool:
    return (
        "text" in previous
        and "text" in part
        and previous.get("thought") == part.get("thought")
        and ("thoughtSignature" not in previous or "thoughtSignature" not in part)
    )

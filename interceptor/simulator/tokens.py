"""Token counts: four characters are one token, a picture or file is 258. Pure and deterministic."""

import msgspec

from .values import JsonObject, Part

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_MEDIUM = 258


def tokens_of_length(characters: int) -> int:
    """Tokens of a text that long, rounded up."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def part_length(part: Part) -> int:
    """Characters that a part counts for: its text, or its data as JSON; media count apart."""
    text = part.get("text")
    if isinstance(text, str):
        return len(text)
    for name in (
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
    ):
        if name in part:
            return len(msgspec.json.encode(part[name]))
    return 0


def count_contents(contents: list[JsonObject]) -> int:
    """Tokens of the turns."""
    total = 0
    for content in contents:
        for part in content["parts"]:
            if "inlineData" in part or "fileData" in part:
                total += TOKENS_PER_MEDIUM
            total += tokens_of_length(part_length(part))
    return total


def count_prompt(body: JsonObject) -> int:
    """Tokens of a whole request: turns, system instruction and tools."""
    total = count_contents(body["contents"])
    system = body.get("systemInstruction")
    if system:
        total += count_contents([system])
    tools = body.get("tools")
    if tools:
        total += tokens_of_length(len(msgspec.json.encode(tools)))
    return total

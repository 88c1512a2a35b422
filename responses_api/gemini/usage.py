"""The upstream's token counts in our terms. Pure.

Source: Gemini API ``UsageMetadata``, November 2026: ``candidatesTokenCount`` excludes thoughts,
``promptTokenCount`` includes what was cached and excludes what hosted tools fed in.
"""

from responses_api.core.generation_events import UsageReported
from responses_api.gemini.chunks import UsageMetadata


def usage_reported(usage: UsageMetadata) -> UsageReported:
    """The counts of ``usage``, in tokens.

    Totals are the sums of what they are made of, whatever ``totalTokenCount`` says. It serves
    only for a side (input or output) of which nothing is counted: that side is what the total
    leaves. Where neither is counted, all of it is input, the cheaper one.
    """
    total = usage.total_token_count or 0
    given = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
    thought = usage.thoughts_token_count or 0
    made = (usage.candidates_token_count or 0) + thought
    if not given:
        given = max(0, total - made)
    elif not made:
        made = max(0, total - given)
    return UsageReported(
        input_tokens=given,
        cached_tokens=min(usage.cached_content_token_count or 0, given),
        output_tokens=made,
        reasoning_tokens=thought,
    )

import pytest

from responses_api.core.generation_events import UsageReported
from responses_api.gemini.chunks import UsageMetadata
from responses_api.gemini.usage import usage_reported


@pytest.mark.parametrize(
    ("usage", "reported"),
    [
        pytest.param(UsageMetadata(), UsageReported(), id="nothing"),
        pytest.param(
            UsageMetadata(
                prompt_token_count=10,
                cached_content_token_count=4,
                tool_use_prompt_token_count=3,
                candidates_token_count=20,
                thoughts_token_count=7,
                total_token_count=40,
            ),
            UsageReported(input_tokens=13, cached_tokens=4, output_tokens=27, reasoning_tokens=7),
            id="everything",
        ),
        pytest.param(
            UsageMetadata(prompt_token_count=10, candidates_token_count=5, total_token_count=99),
            UsageReported(input_tokens=10, output_tokens=5),
            id="a total that does not add up",
        ),
        pytest.param(
            UsageMetadata(prompt_token_count=10, total_token_count=10),
            UsageReported(input_tokens=10),
            id="no output yet",
        ),
        pytest.param(
            UsageMetadata(prompt_token_count=10, total_token_count=16),
            UsageReported(input_tokens=10, output_tokens=6),
            id="output only in the total",
        ),
        pytest.param(
            UsageMetadata(thoughts_token_count=2, total_token_count=16),
            UsageReported(input_tokens=14, output_tokens=2, reasoning_tokens=2),
            id="input only in the total",
        ),
        pytest.param(UsageMetadata(total_token_count=16), UsageReported(input_tokens=16), id="only a total"),
        pytest.param(
            UsageMetadata(prompt_token_count=10, total_token_count=4),
            UsageReported(input_tokens=10),
            id="a total that is too small",
        ),
        pytest.param(
            UsageMetadata(prompt_token_count=10, cached_content_token_count=12),
            UsageReported(input_tokens=10, cached_tokens=10),
            id="cached is a part of the input",
        ),
    ],
)
def test_usage(usage: UsageMetadata, reported: UsageReported) -> None:
    assert usage_reported(usage) == reported

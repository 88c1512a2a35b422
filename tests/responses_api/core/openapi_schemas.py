"""The two API documents that a response has to satisfy, as far as responses and items go."""

from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

FIXTURES = Path(__file__).parents[2] / "fixtures" / "openapi"


def validator(document: str, schema: str) -> Draft202012Validator:
    components: dict[str, Any] = msgspec.json.decode((FIXTURES / document).read_bytes())
    return Draft202012Validator(components | {"$ref": f"#/components/schemas/{schema}"})


OPENAI_RESPONSE = validator("openai_response.json", "Response")
OPENAI_ITEM = validator("openai_response.json", "ItemResource")
OPEN_RESPONSES_RESPONSE = validator("open_responses_response.json", "ResponseResource")
OPEN_RESPONSES_ITEM = validator("open_responses_response.json", "ItemField")

"""Schemas as real clients send them: Codex, Claude Code, MCP servers, and generators of schemas.

A file holds a schema with values that fit it, values that do not and are still refused
upstream, values that do not and are not refused upstream any more, and what is told of the
difference. A schema of another dialect (``is_json_schema`` false) is judged by what is sent.
"""

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from responses_api.gemini.json_schema import to_upstream_schema
from tests.responses_api.gemini.json_schema.upstream_subset import faults

FILES = sorted((Path(__file__).parents[3] / "fixtures" / "schemas").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_schema(path: Path) -> None:
    case: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    schema = copy.deepcopy(case["schema"])
    sent, notes = to_upstream_schema(schema, param="p")
    assert schema == case["schema"]
    assert faults(sent) == []
    assert list(notes) == case["notes"]
    upstream = Draft202012Validator(sent)
    assert [value for value in case["valid"] + case["looser"] if not upstream.is_valid(value)] == []
    assert [value for value in case["invalid"] if upstream.is_valid(value)] == []
    assert case["valid"]
    assert case["notes"] or not case["looser"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_values_are_judged_rightly(path: Path) -> None:
    case: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    if case.get("is_json_schema", True):
        original = validator_for(case["schema"], default=Draft202012Validator)(case["schema"])
        assert [value for value in case["valid"] if not original.is_valid(value)] == []
        assert [value for value in case["invalid"] + case["looser"] if original.is_valid(value)] == []


def test_the_corpus_is_there() -> None:
    assert len(FILES) >= 25

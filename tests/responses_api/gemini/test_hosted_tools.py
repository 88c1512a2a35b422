from typing import Any

import pytest

from responses_api.core.tools import WEB_SEARCH_TYPES
from responses_api.gemini.hosted_tools import aspect_ratio, entry, hosted_tools, losses, why_not
from responses_api.gemini.models import ModelCatalogue
from tests.responses_api.gemini.conversations import FLASH

PAINTER = ModelCatalogue().resolve("gemini-3.1-flash-image")


def test_the_hosted_tools_by_kind() -> None:
    searches = [{"type": kind} for kind in WEB_SEARCH_TYPES]
    code = {"type": "code_interpreter", "container": "c"}
    drawing = {"type": "image_generation"}
    tools = [{"type": "function", "name": "f"}, drawing, *searches, {"type": "shell"}, code]
    found = hosted_tools(tools)
    assert found == {"image_generation": drawing, "web_search": searches[-1], "code_interpreter": code}
    assert [entry(kind) for kind in found] == [None, {"googleSearch": {}}, {"codeExecution": {}}]


@pytest.mark.parametrize(
    ("kind", "members", "model", "reason"),
    [
        ("web_search", {}, FLASH, None),
        ("web_search", {"external_web_access": True}, FLASH, None),
        ("web_search", {"external_web_access": False}, FLASH, "there is no search without access to the web"),
        ("code_interpreter", {"container": "c"}, FLASH, None),
        ("image_generation", {}, PAINTER, None),
        (
            "image_generation",
            {},
            FLASH,
            "gemini-3.8-flash makes no images; gemini-3.1-flash-image does, for instance",
        ),
    ],
)
def test_what_a_model_cannot_be_offered(
    kind: Any, members: dict[str, Any], model: Any, reason: str | None
) -> None:
    assert why_not(kind, {"type": kind, **members}, model) == reason


@pytest.mark.parametrize(
    ("kind", "members", "lost"),
    [
        ("web_search", {}, []),
        ("web_search", {"filters": None, "user_location": None, "external_web_access": True}, []),
        ("web_search", {"filters": {"allowed_domains": []}}, []),
        (
            "web_search",
            {
                "filters": {"allowed_domains": ["a.org"]},
                "user_location": {"type": "approximate"},
                "search_context_size": "low",
            },
            [
                "web_search: filters.allowed_domains is left out: all of the web is searched",
                "web_search: user_location is left out: the upstream's search has no such option",
                "web_search: search_context_size is left out: the upstream's search has no such option",
            ],
        ),
        ("code_interpreter", {"container": {"type": "auto", "file_ids": []}}, []),
        (
            "code_interpreter",
            {"container": {"type": "auto", "memory_limit": "4g", "file_ids": ["f"]}},
            ["code_interpreter: file_ids, memory_limit left out: programs run in a container of the upstream's"],
        ),
        (
            "code_interpreter",
            {"container": "cntr_1"},
            ["code_interpreter: the container is left out: programs run in the upstream's own"],
        ),
        ("image_generation", {"size": "auto", "quality": "auto", "partial_images": 0, "action": "generate"}, []),
        ("image_generation", {"size": "1024x1024"}, []),
        (
            "image_generation",
            {"size": "512x512", "quality": "high", "background": None},
            ["image_generation: quality, size left out: the model decides"],
        ),
    ],
)  # fmt: skip
def test_options_without_a_place_upstream(kind: Any, members: dict[str, Any], lost: list[str]) -> None:
    assert list(losses(kind, {"type": kind, **members})) == lost


@pytest.mark.parametrize(
    ("size", "ratio"),
    [("1024x1024", "1:1"), ("1536x1024", "3:2"), ("1024x1536", "2:3"), ("auto", None), ([], None)],
)
def test_the_shape_of_pictures(size: object, ratio: str | None) -> None:
    assert aspect_ratio({"type": "image_generation", "size": size}) == ratio

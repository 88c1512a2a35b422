"""What the documentation says about settings and files agrees with the code."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from zgproject.command_line import OPTIONS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \| ([^|]*) \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def setting_calls() -> list[ast.Call]:
    """The calls in settings.py that read one variable: ``env.str("NAME", …)`` or ``environment.port("NAME", …)``."""
    tree = ast.parse((ROOT / "zgproject" / "settings.py").read_text(encoding="utf-8"))

    def reads(function: ast.expr) -> bool:
        match function:
            case ast.Attribute(value=ast.Name(id="env" | "environment")):
                return True
        return False

    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and reads(node.func)]
    return [call for call in calls if isinstance(call.args[0], ast.Constant)]


def name_of(call: ast.Call) -> str:
    assert isinstance(call.args[0], ast.Constant)
    return str(call.args[0].value)


def default_of(call: ast.Call) -> str | None:
    """The default as it is written in the environment; None where it is computed, or stands for "not set"."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "default"] + call.args[1:]
    match given:
        case [ast.Constant(value=str() | int() | float() as value)] if value != "":
            return str(value).lower() if isinstance(value, bool) else str(value)
    return None


def documented() -> dict[str, str]:
    return dict(_ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    read = {name_of(call) for call in setting_calls()}
    assert len(read) > 30
    assert set(documented()) == read


def test_each_setting_has_one_row() -> None:
    rows = [name for name, _ in _ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))]
    assert sorted(rows) == sorted(set(rows))


def test_plain_defaults_are_the_ones_in_the_code() -> None:
    rows = documented()
    wrong = {
        name_of(call): rows[name_of(call)]
        for call in setting_calls()
        if (default := default_of(call)) is not None and f"`{default}`" not in rows[name_of(call)]
    }
    assert wrong == {}


def test_every_option_of_serve_is_named() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [option.flag for option in OPTIONS if f"`{option.flag}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [link.partition("#")[0] for link in _LINK.findall(text) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / unquote(target)).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_headings_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        target, _, heading = link.partition("#")
        if heading and "://" not in link:
            text = (page.parent / target if target else page).read_text(encoding="utf-8")
            if heading not in headings(text):
                broken.append(link)
    assert broken == []


def headings(text: str) -> set[str]:
    """The anchors that a page's headings have on the usual hosts of Git repositories."""
    found = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}

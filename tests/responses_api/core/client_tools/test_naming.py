import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.client_tools.naming import MAX_NAME_LENGTH, upstream_name

LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


@pytest.mark.parametrize(
    ("name", "namespace", "folded"),
    [
        ("exec_command", None, "exec_command"),
        ("exec_command", "", "exec_command"),
        ("spawn-agent", "multi_agent_v1", "multi_agent_v1.spawn-agent"),
        ("_private", None, "_private"),
        ("2fa", None, "_2fa"),
        ("-x", None, "_-x"),
        ("_2fa", None, "__2fa"),
        ("a", "2fa", "_2fa.a"),
        ("n" * 128, None, "n" * 128),
        ("n" * 129, None, "n" * 119 + "_0bf2917c"),
        ("a b", None, "a_b_c8687a08"),
        ("", None, "__e3b0c442"),
    ],
)
def test_names(name: str, namespace: str | None, folded: str) -> None:
    assert upstream_name(name, namespace) == folded


names = st.text(st.sampled_from("aZ09_-"), min_size=1, max_size=4) | st.text(
    st.sampled_from("a9"), min_size=120, max_size=128
)


@given(names, st.none() | names, names, st.none() | names)
def test_two_tools_never_have_one_name(
    name: str, namespace: str | None, other: str, other_namespace: str | None
) -> None:
    folded, other_folded = upstream_name(name, namespace), upstream_name(other, other_namespace)
    assert LEGAL.fullmatch(folded)
    assert len(folded) <= MAX_NAME_LENGTH
    assert (folded == other_folded) == ((name, namespace) == (other, other_namespace))


@given(st.text(), st.none() | st.text())
def test_any_text_has_a_legal_name(name: str, namespace: str | None) -> None:
    assert LEGAL.fullmatch(upstream_name(name, namespace))

"""The address guard: a table, and properties over whole networks."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.public_addresses import is_public

V4_NETWORKS = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
]  # fmt: skip
V6_NETWORKS = [
    "::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:2::/48", "2001:10::/28", "2001:db8::/32", "2002::/16",
    "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip

v4_addresses = st.integers(0, 2**32 - 1).map(IPv4Address)


def inside(networks: list[str]) -> st.SearchStrategy[str]:
    def addresses(text: str) -> st.SearchStrategy[str]:
        network = ip_network(text)
        return st.integers(0, network.num_addresses - 1).map(lambda offset: str(network[offset]))

    return st.sampled_from(networks).flatmap(addresses)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "2606:4700::6810:84e5",
        "2a00:1450:4001:80b::200e",
        "64:ff9b::808:808",
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0",
        "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::6810:84e5%eth0",
    ],
)  # fmt: skip
def test_private_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "８.8.8.8", "8.8.8.8 "]
)
def test_what_is_no_canonical_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(inside(V4_NETWORKS) | inside(V6_NETWORKS))
def test_no_address_of_a_special_network_is_public(address: str) -> None:
    assert not is_public(address)


@given(v4_addresses | inside(V4_NETWORKS).map(IPv4Address))
def test_an_embedded_address_counts_as_itself(address: IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert is_public(str(IPv6Address(int(IPv6Address(prefix)) | int(address)))) == is_public(str(address))


@given(v4_addresses, st.integers(0, 2**80 - 1))
def test_an_address_inside_a_tunnel_is_never_public(address: IPv4Address, rest: int) -> None:
    six_to_four = int(IPv6Address("2002::")) | int(address) << 80 | rest
    assert not is_public(str(IPv6Address(six_to_four)))


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert is_public(text) in (True, False)

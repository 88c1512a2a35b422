"""Which IP addresses belong to the public internet, and to nothing closer.

Pure. The guard against requests that a client makes the gateway send into its own network
(server-side request forgery): what is not known to be public counts as private.

Sources: the IANA special-purpose address registries (RFC 6890) as ``ipaddress`` knows them;
RFC 6052 for addresses that embed another one.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_PLATFORM_NETWORKS = (
    # Cloud platforms answer their own machines under these, though the numbers look public.
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.0.0.0/24"),
    # Anycast of the 6to4 relays: leads to whatever relay is nearest, also one inside.
    IPv4Network("192.88.99.0/24"),
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_UNICAST = (
    # Special purposes (Teredo, benchmarks, ORCHID), documentation, 6to4. Not every Python knows all.
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether ``address`` is one that anybody on the internet could reach.

    IPv4 addresses inside IPv6 ones (IPv4-mapped, NAT64) count as what they lead to; addresses
    of tunnels (6to4, Teredo) and those with a zone are never public.

    Args:
        address: canonical text of an IPv4 or IPv6 address. Everything else is not public.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_v4(parsed)
    if parsed.scope_id is not None:
        return False
    if parsed.ipv4_mapped is not None:
        return _is_public_v4(parsed.ipv4_mapped)
    if parsed in _NAT64:
        return _is_public_v4(IPv4Address(parsed.packed[-4:]))
    return _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _PLATFORM_NETWORKS)


def _is_public_v6(address: IPv6Address) -> bool:
    if not address.is_global or address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_UNICAST)

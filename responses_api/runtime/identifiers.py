"""Ids that we give out: a prefix that says what it is, and 128 random bits that nobody can guess."""

import secrets
import uuid
from functools import cache


def new_id(prefix: str) -> str:
    """A new id, e.g. ``resp_6f0c…``."""
    return f"{prefix}_{secrets.token_hex(16)}"


def new_cascade_id() -> str:
    """A new cascade id in the form that language servers expect."""
    return str(uuid.uuid4())


@cache
def gateway_id() -> str:
    """This process's name among the gateways; a new one at every start."""
    return new_id("gw")

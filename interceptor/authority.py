"""The interceptor's certificate authority: made once, however many interceptors share a folder."""

import fcntl
from pathlib import Path

from mitmproxy.certs import CertStore
from mitmproxy.options import CONF_BASENAME, KEY_SIZE


def ensure_authority(folder: Path) -> None:
    """Make the authority in ``folder`` unless it is there.

    mitmproxy makes it as well, but of two that start together each would keep its own in memory,
    and language servers trust the one whose file was written last.

    Raises:
        OSError: the folder cannot be written to.
    """
    with (folder / "authority.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / f"{CONF_BASENAME}-ca.pem").exists():
            CertStore.create_store(folder, CONF_BASENAME, KEY_SIZE)

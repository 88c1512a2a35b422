"""A process that waits until nobody uses the server any more, stops it, and ends.

One is started with each server; it sleeps in one system call. It is for users that could not
say goodbye: killed, crashed, or ended by a signal without a handler.

    python -m zgproject.embedded_postgres.watchdog DATA_DIR
"""

import fcntl
import os
import sys
from pathlib import Path

from zgproject.embedded_postgres.postmaster import find_postmaster, shut_down
from zgproject.embedded_postgres.server import users_file


def main(data_dir: Path) -> None:
    """Detach from the starter, wait, stop the server."""
    descriptor = os.open(users_file(data_dir), os.O_RDWR)
    if os.fork():
        os._exit(0)
    os.chdir("/")
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    postmaster = find_postmaster(data_dir)
    if postmaster is not None:
        shut_down(postmaster)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

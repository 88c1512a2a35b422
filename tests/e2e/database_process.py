"""``python -m tests.e2e.database_process FOLDER [lasting]``: an embedded PostgreSQL for several processes.

``lasting``: what was committed is there after a crash of the server; otherwise it is quicker.
"""

import signal
import sys
from pathlib import Path

from zgproject.embedded_postgres.server import ensure_running, stop

_QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    socket_dir = ensure_running(Path(sys.argv[1]), {} if "lasting" in sys.argv[2:] else _QUICK)
    print(f"database ready {socket_dir}", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    stop()


if __name__ == "__main__":
    main()

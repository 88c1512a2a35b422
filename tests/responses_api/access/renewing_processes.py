"""Many processes that need the same credential at the same moment.

    python -m tests.responses_api.access.renewing_processes DATABASE CREDENTIAL_REF PROCESSES CA_FILE

Prints the number of the token that each of them got, one a line.
"""

import asyncio
import multiprocessing
import os
import sys
from typing import Any

import django


def main() -> None:
    database, ref, processes, ca_file = sys.argv[1:]
    os.environ["DATABASE_URL"] = database
    os.environ["OAUTH_CA_BUNDLE"] = ca_file
    django.setup()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(int(processes))
    results: Any = context.Queue()
    workers = [context.Process(target=_work, args=(ref, start, results)) for _ in range(int(processes))]
    for worker in workers:
        worker.start()
    for _ in workers:
        print(results.get(timeout=60))
    for worker in workers:
        worker.join()


def _work(ref: str, start: Any, results: Any) -> None:
    from responses_api.access.renewing import upstream_auth
    from responses_api.runtime import database

    start.wait()
    auth = asyncio.run(upstream_auth(ref))
    results.put(auth.number)
    database.close()


if __name__ == "__main__":
    main()

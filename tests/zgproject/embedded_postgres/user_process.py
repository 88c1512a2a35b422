"""A process that uses an embedded server, told what to do line by line on its standard input.

``connect``          open a connection (and start the server), print the socket's folder
``connect N``        the same with N threads at once
``sql STATEMENT``    run it on the connection, print the first value or "ok"
``fork``             fork; the child ends in an orderly way
``stop``             give the server up
``wait-for-signal``  install the signal handlers that a server program has, print "waiting", sleep
"""

import contextlib
import os
import signal
import sys
import threading

import django
from django.conf import settings
from django.db import Error, connection

from zgproject import embedded_postgres


def connect(number: int) -> str:
    hosts: set[str] = set()

    def one() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('unix_socket_directories')")
            hosts.add(cursor.fetchone()[0].strip('"'))

    threads = [threading.Thread(target=one) for _ in range(number - 1)]
    for thread in threads:
        thread.start()
    one()
    for thread in threads:
        thread.join()
    (host,) = hosts
    return host


def sql(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0]) if cursor.description else "ok"


def fork() -> str:
    child = os.fork()
    if child == 0:
        sys.exit()
    return f"child ended with {os.waitpid(child, 0)[1]}"


def wait_for_signal() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # A background job of a shell starts with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("waiting", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def obey(command: str, rest: str) -> str:
    match command:
        case "connect":
            return connect(int(rest or 1))
        case "sql":
            return sql(rest)
        case "fork":
            return fork()
        case "stop":
            embedded_postgres.stop()
            return "stopped"
    raise ValueError(command)


def main(data_dir: str) -> None:
    options = {"data_dir": data_dir, "server_settings": {"fsync": "off"}}
    database = {"ENGINE": "zgproject.embedded_postgres", "NAME": "postgres", "OPTIONS": options}
    settings.configure(DATABASES={"default": database}, USE_TZ=True)
    django.setup()
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        if command == "wait-for-signal":
            wait_for_signal()
            return
        try:
            print(obey(command, rest), flush=True)
        except Error as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1])

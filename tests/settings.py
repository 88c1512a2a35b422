"""The project's settings for a test run: a fresh data folder with an embedded PostgreSQL in it.

One server per run: the first process makes the folder and hands it to pytest-xdist's workers
in the environment; each worker has its own database on it (pytest-django). The server stops
with the last of them, and the folder goes with the process that made it.

Neither a ``.env`` beside ``manage.py`` nor an upstream or a database in the caller's
environment reaches the tests.
"""

import atexit
import os
import shutil
import tempfile
from unittest import mock

import environ

from zgproject import embedded_postgres

_FOLDER = "ZG_TESTS_DATA_DIR"
_NOT_FOR_TESTS = (
    "DATABASE_URL",
    "GEMINI_API_KEY",
    "HTTPS_ONLY",
    "REDIS_URL",
    "UPSTREAM_SIMULATED",
    "UPSTREAM_URL",
    "ZEROGRAVITY_TOKEN",
)


def _make_folder() -> str:
    folder = tempfile.mkdtemp(prefix="zg-tests-")
    maker = os.getpid()

    def remove() -> None:
        if os.getpid() == maker:
            embedded_postgres.stop()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


if _FOLDER not in os.environ:
    os.environ[_FOLDER] = _make_folder()

with mock.patch.dict(os.environ), mock.patch.object(environ.Env, "read_env"):
    for _name in _NOT_FOR_TESTS:
        os.environ.pop(_name, None)
        os.environ.pop(f"{_name}_FILE", None)
    os.environ["DATA_DIR"] = os.environ[_FOLDER]
    from zgproject.settings import *  # noqa: F403
    from zgproject.settings import DATABASES

DATABASES["default"]["OPTIONS"]["server_settings"] = {
    # A test run need not survive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
}
# Looking through all static files takes longer than a page, and each test client would do it.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

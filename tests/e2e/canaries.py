"""Secrets must turn up nowhere: looked for in what processes wrote, in every row of a database, in exports.

Every finding says what was found and where, never the secret itself.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import psycopg
from psycopg import sql

from tests.authorization_server import CLIENT_SECRET
from tests.e2e.stacks import CANARY, Stack

type Secrets = Mapping[str, re.Pattern[str]]
"""By what they are."""

BY_FORM: Secrets = {
    "the upstream credential": re.compile(re.escape(CANARY)),
    "an API key": re.compile(r"zg-[A-Za-z0-9]{8}-[A-Za-z0-9_-]{43}"),
    "an OAuth token": re.compile(r"(?:ya29\.|1//)canary-"),
    "an OAuth client's secret": re.compile(re.escape(CLIENT_SECRET)),
}
"""Those of every stack: any API key is known by its form, whoever made it."""

_SHOWN_ONCE = re.compile(r"  API key    zg-|             login |curl -N |python3 -c |OpenAI\(base_url=")
"""How the lines begin in which the first run of ``serve`` shows what cannot be had again."""
_BINARY = re.compile(r"\\x((?:[0-9a-f]{2})*)")

_COLUMNS = """
SELECT table_schema, table_name, array_agg(column_name::text ORDER BY ordinal_position)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
GROUP BY table_schema, table_name ORDER BY table_name
"""


def secrets_of(stack: Stack) -> Secrets:
    """What must not turn up in this stack, also not in parts."""
    more = {"the secret half of the API key": stack.api_key[12:], "the admin's password": stack.login[1]}
    return {**BY_FORM, **{what: re.compile(re.escape(text)) for what, text in more.items() if text}}


def in_text(text: str, where: str, secrets: Secrets = BY_FORM) -> list[str]:
    """What was found in ``text``."""
    return [f"{what} in {where}" for what, form in secrets.items() if form.search(text)]


def in_output(stack: Stack) -> list[str]:
    """In what the processes of a stack have written, but for what the first run shows once."""
    return in_text(without_what_is_shown_once(stack.output), "the output", secrets_of(stack))


def in_logs(folder: Path) -> list[str]:
    """In the log files of all processes that wrote one below ``folder``."""
    return [
        found
        for log in sorted(folder.rglob("*.log"))
        for found in in_text(
            without_what_is_shown_once(log.read_text(errors="replace")), str(log.relative_to(folder))
        )
    ]


def without_what_is_shown_once(output: str) -> str:
    """``output`` without the first line of each of these forms, and with every later one."""
    seen: set[str] = set()
    kept = []
    for line in output.split("\n"):
        shown = _SHOWN_ONCE.match(line)
        if shown is None or shown[0] in seen:
            kept.append(line)
        else:
            seen.add(shown[0])
    return "\n".join(kept)


def in_database(conninfo: str, secrets: Secrets = BY_FORM) -> list[str]:
    """In any column of any row of any table; what is compressed is unpacked."""
    found: set[str] = set()
    with psycopg.connect(conninfo) as connection:
        for schema, table, columns in connection.execute(_COLUMNS).fetchall():
            for row in _rows(connection, sql.Identifier(schema, table), columns):
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        found.update(in_text(_readable(value), f"{table}.{column}", secrets))
    return sorted(found)


def in_exports(stack: Stack) -> list[str]:
    """In the files of usage that the admin offers; nothing where nobody knows its login."""
    if not stack.login[0]:
        return []
    secrets = secrets_of(stack)
    return [
        found
        for form, text in _exports(stack)
        for found in in_text(text, f"the export of usage as {form}", secrets)
    ]


def _rows(
    connection: psycopg.Connection, table: sql.Identifier, columns: list[str]
) -> Iterator[tuple[str | None, ...]]:
    texts = [sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns]
    with connection.cursor("rows") as cursor:
        yield from cursor.execute(sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(texts), table))


def _readable(value: str) -> str:
    """A column's text; of a binary one, which is hexadecimal, the content, unpacked if it is compressed."""
    if (binary := _BINARY.fullmatch(value)) is None:
        return value
    data = bytes.fromhex(binary[1])
    try:
        data = zlib.decompress(data)
    except zlib.error:
        pass
    return data.decode(errors="replace")


def _exports(stack: Stack) -> Iterator[tuple[str, str]]:
    user, password = stack.login
    with httpx2.Client(base_url=stack.base_url, timeout=60, trust_env=False) as http:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', http.get("/admin/login/").text)
        assert token is not None
        form = {"username": user, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
        assert http.post("/admin/login/", data=form).headers["location"] == "/admin/"
        for name in ("csv", "jsonl"):
            answer = http.get(f"/admin/export/usage/?form={name}")
            assert answer.status_code == 200
            yield name, answer.text

"""The server is there while somebody uses it, and gone when nobody does, however they ended."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.zgproject.embedded_postgres.conftest import UserProcess, wait_until_gone
from zgproject.embedded_postgres.postmaster import Postmaster, find_postmaster

type Use = Callable[..., UserProcess]


def running(data_dir: Path) -> Postmaster:
    postmaster = find_postmaster(data_dir)
    assert postmaster is not None
    return postmaster


def gone(data_dir: Path) -> bool:
    return find_postmaster(data_dir) is None


def test_it_starts_with_the_first_connection_and_has_stopped_when_the_process_has_ended(
    use: Use, data_dir: Path
) -> None:
    user = use()
    assert user.ask("sql SELECT 1 + 1") == "2"
    assert running(data_dir).ready
    user.end()
    assert gone(data_dir)


def test_what_is_written_is_there_after_a_restart(use: Use, data_dir: Path) -> None:
    first = use()
    first.ask("sql DROP TABLE IF EXISTS kept")
    assert first.ask("sql CREATE TABLE kept AS SELECT 'grüße' AS word") == "ok"
    first.end()
    assert use().ask("sql SELECT upper(word) FROM kept") == "GRÜßE"


def test_it_stays_for_a_second_process(use: Use, data_dir: Path) -> None:
    first, second = use(), use()
    first.ask("connect")
    pid = running(data_dir).pid
    second.ask("connect")
    first.end()
    assert second.ask("sql SELECT 'still here'") == "still here"
    assert running(data_dir).pid == pid
    second.end()
    assert gone(data_dir)


def test_processes_and_threads_that_start_at_once_share_one_server(use: Use, data_dir: Path) -> None:
    users = [use() for _ in range(3)]
    for user in users:
        user.tell("connect 8")
    assert {user.hear() for user in users} == {str(data_dir)}
    pids = {user.ask("sql SELECT pg_postmaster_start_time()") for user in users}
    assert len(pids) == 1


def test_stop_cuts_open_connections_may_be_repeated_and_undone(use: Use, data_dir: Path) -> None:
    user = use()
    assert user.ask("sql BEGIN") == "ok"
    assert user.ask("stop") == "stopped"
    assert gone(data_dir)
    assert user.ask("stop") == "stopped"
    assert "OperationalError" in user.ask("sql SELECT 1")
    assert user.ask("sql SELECT 1") == "1"
    assert running(data_dir).ready
    user.end()
    assert gone(data_dir)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_ends_the_process_in_an_orderly_way(
    number: signal.Signals, use: Use, data_dir: Path
) -> None:
    user = use()
    user.ask("connect")
    assert user.ask("wait-for-signal") == "waiting"
    user.kill(number)
    assert gone(data_dir)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_that_leaves_no_time(number: signal.Signals, use: Use, data_dir: Path) -> None:
    user = use()
    user.ask("connect")
    user.kill(number)
    wait_until_gone(data_dir)


def test_a_killed_process_does_not_count_while_another_lives(use: Use, data_dir: Path) -> None:
    killed, other = use(), use()
    killed.ask("connect")
    other.ask("connect")
    killed.kill(signal.SIGKILL)
    assert other.ask("sql SELECT 1") == "1"
    other.end()
    assert gone(data_dir)


def test_it_recovers_after_everything_was_killed(use: Use, data_dir: Path) -> None:
    user = use()
    user.ask("sql DROP TABLE IF EXISTS survivor")
    user.ask("sql CREATE TABLE survivor AS SELECT 7 AS number")
    os.kill(running(data_dir).pid, signal.SIGKILL)
    user.kill(signal.SIGKILL)
    assert gone(data_dir)
    assert use().ask("sql SELECT number FROM survivor") == "7"


def test_a_lasting_process_restarts_a_server_that_was_killed(use: Use, data_dir: Path) -> None:
    user = use()
    user.ask("connect")
    os.kill(running(data_dir).pid, signal.SIGKILL)
    wait_until_gone(data_dir)
    assert "OperationalError" in user.ask("sql SELECT 1")
    assert user.ask("sql SELECT 1") == "1"


def test_a_number_left_by_a_crash_that_another_process_has_now(use: Use, data_dir: Path) -> None:
    user = use()
    user.ask("connect")
    lines = (data_dir / "postmaster.pid").read_text().splitlines()
    user.end()
    (data_dir / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert gone(data_dir)
    assert use().ask("sql SELECT 1") == "1"


def test_a_forked_child_that_ends_takes_nothing_away(use: Use, data_dir: Path) -> None:
    user = use()
    user.ask("connect")
    pid = running(data_dir).pid
    assert user.ask("fork") == "child ended with 0"
    assert running(data_dir).pid == pid
    other = use()
    other.ask("connect")
    other.end()
    assert running(data_dir).pid == pid

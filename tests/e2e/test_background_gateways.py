"""Background mode where gateways come and go: others read it, and none of it hangs."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.background import LONG, SLOW, STALLED, ended, log_of, logged, wait_for_text
from tests.e2e.processes import Process
from tests.e2e.stacks import MODEL, Stack, further_gateway, serve, wait_until
from tests.e2e.stacks import Simulator as RunningSimulator
from tests.e2e.streams import parse, text_of, types


@contextmanager
def second_gateway(stack: Stack, folder: Path, **environment: str) -> Iterator[tuple[Stack, Process]]:
    other, process = further_gateway(stack, folder, **environment)
    try:
        yield other, process
    finally:
        process.kill()


def test_any_gateway_reads_and_cancels_what_another_one_makes(split_stack: Stack, folder: Path) -> None:
    with second_gateway(split_stack, folder, BACKGROUND_CONCURRENCY="0") as (other, _):
        queued = other.client().responses.create(model=MODEL, input=SLOW, background=True)
        live = log_of(other, queued.id).text
        assert parse(live)[-1]["type"] == "response.completed"
        assert log_of(split_stack, queued.id).text == live

        with split_stack.simulator.stream_is_closed(within=1):
            running = other.client().responses.create(model=MODEL, input=LONG, background=True)
            wait_for_text(other, running.id)
            assert other.client().responses.cancel(running.id).status == "cancelled"
        assert split_stack.booking(running.id)["outcome"] == "cancelled"


def test_a_killed_gateways_responses_fail_within_the_bound(split_stack: Stack, folder: Path) -> None:
    with second_gateway(split_stack, folder) as (other, process):
        client = other.client()
        # Whoever claims them: all that this test needs is one that the second gateway makes.
        begun = [client.responses.create(model=MODEL, input=STALLED, background=True).id for _ in range(6)]
        for response_id in begun:
            wait_for_text(other, response_id)
        wait_until(lambda: len(set(runners(split_stack, begun).values())) == 2, within=5)
        made_by = runners(split_stack, begun)
        before = {response_id: logged(split_stack, response_id) for response_id in begun}
        process.kill()

        wait_until(lambda: "failed" in statuses(split_stack, begun).values(), within=15)
        killed = next(made_by[i] for i, status in statuses(split_stack, begun).items() if status == "failed")
        failed = [response_id for response_id in begun if made_by[response_id] == killed]
        wait_until(lambda: {statuses(split_stack, begun)[i] for i in failed} == {"failed"}, within=5)
        for response_id in failed:
            log = log_of(split_stack, response_id)
            events = parse(log.text)
            assert log.content.startswith(before[response_id])
            assert types(events)[-3:] == ["response.output_item.done", "error", "response.failed"]
            stored = split_stack.client().responses.retrieve(response_id)
            assert (stored.status, stored.output_text) == ("failed", text_of(events))
            assert events[-1]["response"] == stored.to_dict(mode="json")
            booked = split_stack.booking(response_id)
            assert booked["outcome"] == "failed"
        for response_id in set(begun) - set(failed):
            assert split_stack.client().responses.cancel(response_id).status == "cancelled"
            split_stack.booking(response_id)


def test_a_gateway_that_is_asked_to_stop_ends_its_own_at_once(split_stack: Stack, folder: Path) -> None:
    with second_gateway(split_stack, folder) as (other, process):
        client = split_stack.client()
        begun = [client.responses.create(model=MODEL, input=STALLED, background=True).id for _ in range(6)]
        for response_id in begun:
            wait_for_text(split_stack, response_id)
        assert len(set(runners(split_stack, begun).values())) == 2
        assert process.stop(signal.SIGTERM, within=5) == 0

        failed = [i for i in begun if client.responses.retrieve(i).status == "failed"]
        assert failed
        for response_id in failed:
            events = parse(log_of(split_stack, response_id).text)
            assert "shutting down" in events[-1]["response"]["error"]["message"]
            split_stack.booking(response_id)
        for response_id in set(begun) - set(failed):
            client.responses.cancel(response_id)


def runners(stack: Stack, response_ids: list[str]) -> dict[str, str]:
    """Which gateway makes each of the responses."""
    rows = stack.query(
        "SELECT id, runner FROM responses_api_response WHERE id = ANY(%(ids)s)", ids=response_ids
    )
    return {row["id"]: row["runner"] for row in rows}


def statuses(stack: Stack, response_ids: list[str]) -> dict[str, str]:
    client = stack.client()
    return {i: str(client.responses.retrieve(i).status) for i in response_ids}


def test_a_restart_turns_what_was_running_into_failed_and_makes_what_waited(
    folder: Path, simulator: RunningSimulator
) -> None:
    before = serve(folder, simulator)
    client = before.client()
    running = [client.responses.create(model=MODEL, input=STALLED, background=True).id for _ in range(4)]
    waiting = client.responses.create(model=MODEL, input="[[text=later]]", background=True).id
    for response_id in running:
        wait_for_text(before, response_id)
    told = logged(before, running[0])
    before.processes[0].send_signal(signal.SIGKILL)
    before.stop()

    after = serve(folder, simulator)
    try:
        assert {ended(after, response_id).status for response_id in running} == {"failed"}
        assert ended(after, waiting).output_text == "later"
        assert log_of(after, running[0]).content.startswith(told)
        for response_id in [*running, waiting]:
            after.booking(response_id)
    finally:
        after.stop()


def test_a_stop_ends_what_was_running_and_keeps_what_waited(
    folder: Path, simulator: RunningSimulator
) -> None:
    before = serve(folder, simulator)
    client = before.client()
    with simulator.stream_is_closed(4):
        running = [client.responses.create(model=MODEL, input=STALLED, background=True).id for _ in range(4)]
        waiting = client.responses.create(model=MODEL, input="[[text=later]]", background=True).id
        for response_id in running:
            wait_for_text(before, response_id)
        assert before.processes[0].stop(signal.SIGTERM) == 0

    after = serve(folder, simulator)
    try:
        rows = after.query(
            "SELECT id, status FROM responses_api_response WHERE id = ANY(%(ids)s)", ids=running
        )
        assert {row["status"] for row in rows} == {"failed"}
        assert ended(after, waiting).output_text == "later"
        for response_id in [*running, waiting]:
            after.booking(response_id)
            parse(log_of(after, response_id).text)
    finally:
        after.stop()

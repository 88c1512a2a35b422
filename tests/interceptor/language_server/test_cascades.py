from interceptor.language_server.cascades import (
    Cascade,
    CascadeStore,
    Termination,
    UserMessage,
    steps_view,
    trajectory_view,
    update_view,
)
from interceptor.language_server.steps import UserInput


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def message(execution_id: str = "e") -> UserMessage:
    return UserMessage(("hi",), "MODEL", "gemini", execution_id)


def said(text: str) -> UserInput:
    return UserInput((text,), "MODEL", "e", 0.0)


def test_a_fresh_cascade_is_idle_and_not_settled() -> None:
    cascade = Cascade("c", "t")
    assert not cascade.settled
    assert trajectory_view(cascade) == {
        "status": "CASCADE_RUN_STATUS_IDLE",
        "trajectory": {"cascadeId": "c", "trajectoryId": "t"},
    }


def test_it_runs_from_the_message_to_the_end_of_the_last_run() -> None:
    cascade = Cascade("c", "t")
    cascade.queue(message("e1"))
    cascade.queue(message("e2"))
    assert cascade.status == "CASCADE_RUN_STATUS_RUNNING"
    cascade.pending.popleft()
    cascade.end_run("e1", Termination.NO_TOOL_CALL)
    assert cascade.status == "CASCADE_RUN_STATUS_RUNNING"
    assert not cascade.settled
    cascade.pending.popleft()
    cascade.end_run("e2", Termination.ERROR)
    assert cascade.status == "CASCADE_RUN_STATUS_ERROR"
    assert cascade.settled


def test_the_trajectory_shows_a_first_page_of_steps_and_counts_all() -> None:
    cascade = Cascade("c", "t")
    for number in range(130):
        cascade.add(said(str(number)))
    view = trajectory_view(cascade)
    assert view["numTotalSteps"] == 130
    assert len(view["trajectory"]["steps"]) == 100
    assert [step["userInput"]["userResponse"] for step in steps_view(cascade, 128)] == ["128", "129"]
    assert len(steps_view(cascade, 10, 15)) == 5


def test_annotations_are_merged_or_replaced() -> None:
    cascade = Cascade("c", "t")
    cascade.annotate({"title": "a"}, merge=True)
    cascade.annotate({"markedAsUnread": True}, merge=True)
    assert trajectory_view(cascade)["trajectory"]["annotations"] == {"title": "a", "markedAsUnread": True}
    cascade.annotate({"title": "b"}, merge=False)
    assert trajectory_view(cascade)["trajectory"]["annotations"] == {"title": "b"}


def test_an_update_names_the_steps_that_changed_since() -> None:
    cascade = Cascade("c", "t")
    cascade.add(said("a"))
    cascade.add(said("b"))
    before = cascade.version
    cascade.step_changed(1)
    diffs = update_view(cascade, before)["diff"]["fieldDiffs"]
    assert diffs[1] == {"fieldNumber": 2, "updateRepeated": {"updateIndices": [1]}}
    assert update_view(cascade, 0)["diff"]["fieldDiffs"][1]["updateRepeated"]["updateIndices"] == [0, 1]
    assert len(update_view(cascade, cascade.version)["diff"]["fieldDiffs"]) == 1


def test_every_change_is_told_to_the_listeners() -> None:
    cascade = Cascade("c", "t")
    versions: list[int] = []
    cascade.listeners.add(lambda: versions.append(cascade.version))
    cascade.queue(message())
    cascade.add(said("a"))
    cascade.step_changed(0)
    cascade.annotate({}, merge=True)
    cascade.end_run("e", Termination.NO_TOOL_CALL)
    assert versions == [1, 2, 3, 4, 5]


def test_the_longest_unused_is_forgotten_first() -> None:
    store = CascadeStore(now=Clock(), max_idle=2)
    for name in "abc":
        if name == "c":
            store.get("a")
        store.add(Cascade(name, "t"))
    assert [store.get(name) is not None for name in "abc"] == [True, False, True]


def test_what_rests_for_long_is_forgotten() -> None:
    clock = Clock()
    store = CascadeStore(now=clock, idle_seconds=600)
    store.add(Cascade("old", "t"))
    clock.seconds = 300
    store.add(Cascade("new", "t"))
    clock.seconds = 600
    store.sweep()
    assert store.get("old") is None
    assert store.get("new") is not None


def test_running_and_watched_cascades_are_never_forgotten() -> None:
    clock = Clock()
    store = CascadeStore(now=clock, max_idle=0, idle_seconds=1)
    running, watched = Cascade("running", "t"), Cascade("watched", "t")
    running.queue(message())
    watched.listeners.add(lambda: None)
    store.add(running)
    store.add(watched)
    clock.seconds = 100
    store.sweep()
    assert len(store) == 2
    watched.listeners.clear()
    store.sweep()
    assert len(store) == 1
    assert store.get("running") is running

"""Work to be done before a daphne process stops; daphne tells its application nothing of its end."""

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet import defer

from responses_api.runtime.tasks import spawn


def call_before_stop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Have the process wait for ``work`` when it is asked to stop. Call it once daphne is loaded."""
    from twisted.internet import reactor as installed  # daphne's, unless there was none

    reactor: Any = installed

    def begin() -> defer.Deferred[None]:
        return defer.Deferred.fromFuture(spawn(work(), name="before stop"))

    reactor.addSystemEventTrigger("before", "shutdown", begin)

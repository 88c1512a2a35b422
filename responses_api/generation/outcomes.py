"""How an exchange ended: the upstream's last word as an error, an error as the trace's outcome."""

from responses_api.core.client_tools import CALL_TYPES
from responses_api.core.errors import DeadlineExceeded, GateTimeout, GatewayError, UpstreamFault
from responses_api.core.generation_events import Finished, UpstreamFailed
from responses_api.core.response_stream import Lifecycle, ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.models import Outcome

ONLY_THOUGHTS = Finished(
    outcome="failed",
    raw_reason="STOP",
    message="The model thought about the request but wrote no answer. Please try again.",
)


def fault_of(event: UpstreamFailed) -> UpstreamFault:
    """The upstream's failure as an error for an answer whose headers have not been sent."""
    return UpstreamFault(
        event.message,
        type=event.type,
        code=event.code,
        param=event.param,
        http_status=event.http_status,
        retry_after=event.retry_after,
    )


def failed_by(error: GatewayError) -> UpstreamFailed:
    """An error of ours as the last event of a stream that has begun."""
    code = error.code or ("invalid_prompt" if error.http_status < 500 else "server_error")
    return UpstreamFailed(error.http_status, error.type, code, error.message, error.param)


def fail_with(machine: ResponseStream, error: GatewayError) -> list[StreamEvent]:
    """End a response by an error of ours; what the client is told of it."""
    failed = failed_by(error)
    return machine.fail(
        failed.code,
        failed.message,
        error_type=failed.type,
        param=failed.param,
        http_status=failed.http_status,
    )


def failure_in(event: Finished | UpstreamFailed) -> UpstreamFault | None:
    """The error that the upstream's last word amounts to, if it is one."""
    if isinstance(event, UpstreamFailed):
        return fault_of(event)
    if event.outcome == "failed":
        return UpstreamFault(event.message or "The model failed to answer.", code=event.code)
    return None


def outcome_of(error: GatewayError | None) -> Outcome | None:
    """The outcome that an error stands for; None without one: then the response speaks for itself."""
    match error:
        case None:
            return None
        case GateTimeout():
            return Outcome.MITM_TIMEOUT
        case DeadlineExceeded():
            return Outcome.TIMEOUT
        case UpstreamFault():
            return Outcome.UPSTREAM_ERROR
        case _:
            return Outcome.FAILED


def natural_outcome(machine: ResponseStream) -> Outcome:
    """How the exchange ended, judged by the response alone."""
    match machine.lifecycle:
        case Lifecycle.COMPLETED:
            called = any(item.wire["type"] in CALL_TYPES for item in machine.items)
            return Outcome.TOOL_CALL if called else Outcome.COMPLETED
        case Lifecycle.INCOMPLETE:
            return Outcome.INCOMPLETE
        case Lifecycle.CANCELLED:
            return Outcome.CANCELLED
        case _:
            return Outcome.UPSTREAM_ERROR

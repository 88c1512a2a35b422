"""Everything that can go wrong, in the Responses API's terms, and its one rendering.

Three families::

    GatewayError
     ├─ InvalidRequest         the client's: 400, names the parameter
     │   ├─ AuthenticationFailed   401
     │   ├─ NotFound               404
     │   ├─ PayloadTooLarge        413
     │   └─ RateLimited            429
     ├─ UpstreamFault          the upstream's or a joint's: 4xx/5xx as translated
     │   ├─ GateTimeout            502 mitm_timeout
     │   └─ DeadlineExceeded       504 timeout
     └─ InternalError          ours: 500, logged with its traceback, said without it

Exceptions say what happened; ``error_body`` alone says how it looks. Used by the
consumers, by DRF's exception handler and by the state machine.
"""

from typing import TypedDict


class ErrorDetail(TypedDict):
    """The inner error object; all four members are always present."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(TypedDict):
    """The envelope of every error answer."""

    error: ErrorDetail


class GatewayError(Exception):
    """An error that a client may see as it is: its text holds no secret and no traceback.

    Attributes:
        message: one or two sentences for the client.
        type: error family on the wire (``invalid_request_error``, ``server_error``, ...).
        code: machine-readable code, or None.
        param: the request parameter at fault, or None.
        http_status: status of the answer when its headers have not been sent.
        retry_after: seconds after which a retry may help, or None.
    """

    http_status = 500
    type = "server_error"
    code: str | None = "server_error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str | None = None,
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after
        if code is not None:
            self.code = code
        if type is not None:
            self.type = type
        if http_status is not None:
            self.http_status = http_status


class InvalidRequest(GatewayError):
    """The request cannot be served as it was sent; sending it again cannot help."""

    http_status = 400
    type = "invalid_request_error"
    code: str | None = None


class AuthenticationFailed(InvalidRequest):
    """No usable API key, or no usable upstream credential behind it."""

    http_status = 401
    code = "invalid_api_key"


class NotFound(InvalidRequest):
    """No such object for this caller."""

    http_status = 404


class PayloadTooLarge(InvalidRequest):
    """The request body is larger than this installation accepts."""

    http_status = 413
    code = "request_too_large"


class RateLimited(InvalidRequest):
    """A limit of this installation is reached."""

    http_status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class UpstreamFault(GatewayError):
    """The model's side failed; the fields carry the translated error."""

    http_status = 502
    type = "server_error"
    code = "server_error"


class GateTimeout(UpstreamFault):
    """The interceptor did not claim the exchange in time."""

    http_status = 502
    type = "server_error"
    code = "mitm_timeout"


class DeadlineExceeded(UpstreamFault):
    """The request's own time limit ran out."""

    http_status = 504
    type = "server_error"
    code = "timeout"


class InternalError(GatewayError):
    """A fault of this program."""


def error_body(error: GatewayError) -> ErrorBody:
    """The wire envelope of ``error``."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        }
    }

"""The HTTP side: routes, headers, streams. Everything that is decided, is decided in the pure parts."""

import asyncio
import itertools
import socket
import struct
import time
from dataclasses import dataclass
from typing import assert_never

import msgspec
from aiohttp import web

from .credentials import caller_error, read_caller
from .errors import ApiError, model_not_found
from .frames import Ending, Framing, pauses, stamped, stream_writes, transfer_chunk_begun, whole_answer
from .models import MODELS, find_model
from .record import Record, SeenRequest
from .script import NewId
from .service import Answer, Target, count_tokens, generate
from .values import JsonObject

RECORD = web.AppKey("record", Record)
"""The application's ``Record``, for tests in the same process."""

_NEW_ID: web.AppKey[NewId] = web.AppKey("new_id")
_HEADERS = {"x-simulated": "gemini"}
_SSE_HEADERS = {**_HEADERS, "Content-Type": "text/event-stream"}
_JSON_HEADERS = {**_HEADERS, "Content-Type": "application/json; charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How a simulator behaves.

    Attributes:
        history: number of requests that ``GET /simulator/requests`` shows.
        largest_body: most bytes of a request body.
    """

    history: int = 200
    largest_body: int = 128 * 1024 * 1024


def create_app(options: SimulatorOptions | None = None) -> web.Application:
    """The simulator as an aiohttp application.

    Run it with ``handler_cancellation=True``, else a closed client is noticed only at the next write.
    """
    options = options or SimulatorOptions()
    app = web.Application(client_max_size=options.largest_body)
    app[RECORD] = Record.keeping(options.history)
    app[_NEW_ID] = _id_source()
    version = "/{version:v1|v1beta}"
    app.router.add_post(version + "/models/{model:[^/:]+}:{method:[A-Za-z]+}", _handle_method)
    app.router.add_get(version + "/models", _list_models)
    app.router.add_get(version + "/models/{model:[^/:]+}", _get_model)
    app.router.add_get("/simulator/requests", _show_requests)
    app.router.add_get("/simulator/stats", _show_stats)
    app.router.add_route("*", "/{path:.*}", _not_found)
    return app


def _id_source() -> NewId:
    """Ids that are unique within this simulator, and the same in every run of it."""
    counter = itertools.count(1)
    return lambda: f"sim{next(counter):09x}"


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, headers=_JSON_HEADERS)


def _refusal(error: ApiError, *, in_array: bool = False) -> web.Response:
    body = error.body()
    return _json([body] if in_array else body, error.http_status)


async def _admit(request: web.Request) -> bytes | ApiError:
    """Record the request; its body, or why its caller is turned away."""
    api_key = request.headers.get("x-goog-api-key") or request.query.get("key", "")
    caller = read_caller(api_key, request.headers.get("Authorization", ""))
    raw = await request.read()
    request.app[RECORD].add(
        SeenRequest(request.method, _path_without_key(request), caller.kind, raw, caller.fingerprint)
    )
    return caller_error(caller) or raw


def _path_without_key(request: web.Request) -> str:
    if "key" not in request.query:
        return request.path_qs
    return str(request.rel_url.without_query_params("key"))


async def _handle_method(request: web.Request) -> web.StreamResponse:
    info = request.match_info
    target = Target(info["version"], info["model"], info["method"])
    framing = Framing.SSE if request.query.get("alt") == "sse" else Framing.ARRAY
    raw = await _admit(request)
    if isinstance(raw, ApiError):
        return _refusal(raw, in_array=_in_array(target, framing))
    match target.method:
        case "generateContent" | "streamGenerateContent":
            answer = generate(target, raw, request.app[RECORD], request.app[_NEW_ID])
            if isinstance(answer, ApiError):
                return _refusal(answer, in_array=_in_array(target, framing))
            if target.method == "generateContent":
                return await _send_whole(request, answer)
            return await _send_stream(request, answer, framing)
        case "countTokens":
            counted = count_tokens(target, raw)
            return _refusal(counted) if isinstance(counted, ApiError) else _json(counted)
        case _:
            return _refusal(model_not_found(target.model, target.version, target.method))


def _in_array(target: Target, framing: Framing) -> bool:
    return target.method == "streamGenerateContent" and framing is Framing.ARRAY


async def _send_whole(request: web.Request, answer: Answer) -> web.StreamResponse:
    directives = answer.directives
    await asyncio.sleep((directives.first_delay_ms + directives.delay_ms * (len(answer.chunks) - 1)) / 1000)
    match whole_answer(answer.chunks, directives, answer.model):
        case ApiError() as error:
            return _refusal(error)
        case bytes() as body:
            return web.Response(body=body, headers=_JSON_HEADERS)
        case ending:
            await _break_off(request, ending)
            return web.Response()


async def _send_stream(request: web.Request, answer: Answer, framing: Framing) -> web.StreamResponse:
    """Write the stream at its pace; the record learns how it ended, also when the client closes."""
    record = request.app[RECORD]
    record.open_streams += 1
    finished = False
    try:
        response = await _write_stream(request, answer, framing)
        finished = True
        return response
    finally:
        record.open_streams -= 1
        if finished:
            record.finished_streams += 1
        else:
            record.aborted_streams += 1


async def _write_stream(request: web.Request, answer: Answer, framing: Framing) -> web.StreamResponse:
    plan = stream_writes(answer.chunks, answer.directives, framing, answer.model)
    waits = pauses(answer.directives, max(1, len(plan.writes)))
    if first_wait := next(waits):
        await asyncio.sleep(first_wait)
    response = web.StreamResponse(headers=_SSE_HEADERS if framing is Framing.SSE else _JSON_HEADERS)
    await response.prepare(request)
    for index, data in enumerate(plan.writes):
        if index and (wait := next(waits)):
            await asyncio.sleep(wait)
        if answer.directives.stamp:
            data = stamped(data, time.monotonic_ns() // 1000)
        await response.write(data)
    if plan.ending is Ending.COMPLETE:
        await response.write_eof()
    else:
        await _break_off(request, plan.ending, plan.torn)
    return response


async def _break_off(request: web.Request, ending: Ending, torn: bytes = b"") -> None:
    """End the answer in the middle, after what has been written."""
    transport = request.transport
    if transport is None:
        return
    match ending:
        case Ending.STALL:
            await asyncio.Event().wait()
        case Ending.RESET:
            linger_not = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
            transport.abort()
        case Ending.CUT | Ending.COMPLETE:
            if torn:
                transport.write(transfer_chunk_begun(torn))
            transport.close()
        case _:
            assert_never(ending)


async def _list_models(request: web.Request) -> web.Response:
    admitted = await _admit(request)
    if isinstance(admitted, ApiError):
        return _refusal(admitted)
    start, size = request.query.get("pageToken", "0"), request.query.get("pageSize", "50")
    if not (start.isdecimal() and size.isdecimal()):
        return _refusal(ApiError(400, "pageSize and pageToken must be what an earlier answer gave."))
    models = list(MODELS.values())
    first, end = int(start), int(start) + (int(size) or 50)
    body: JsonObject = {"models": [model.to_json() for model in models[first:end]]}
    if end < len(models):
        body["nextPageToken"] = str(end)
    return _json(body)


async def _get_model(request: web.Request) -> web.Response:
    admitted = await _admit(request)
    if isinstance(admitted, ApiError):
        return _refusal(admitted)
    name, version = request.match_info["model"], request.match_info["version"]
    model = find_model(name, version)
    return _refusal(model_not_found(name, version, "getModel")) if model is None else _json(model.to_json())


async def _show_requests(request: web.Request) -> web.Response:
    return _json([seen.to_json() for seen in request.app[RECORD].history])


async def _show_stats(request: web.Request) -> web.Response:
    return _json(request.app[RECORD].stats())


async def _not_found(request: web.Request) -> web.Response:
    return _refusal(ApiError(404, "Requested entity was not found."))

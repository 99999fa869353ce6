"""The API's requests, from the address to the answer: each operation goes the same way."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from aiohttp import web

from console.accounts.identity import Identity, bears_csrf
from console.api.answers import problem_response, response_of
from console.api.idempotency import Idempotency
from console.api.negotiation import (
    answer_types,
    body_types,
    check_accept,
    check_content_type,
    etag_of,
    not_modified,
    wanted_version,
)
from console.api.operation import Answer, Asked, Operation, subjects_seen
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from console.api.rate_limits import Buckets, address_key
from console.api.reading import body_of, query_of, read_body
from console.api.shapes import NoQuery
from console.faults import Fault
from engine.ports import StoreUnavailable
from engine.registers.refusals import Changed, Missing, Refused

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
HANDLER_SECONDS = 30.0
_LONGEST_PART = 200  # characters of one part of a path
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = web.RequestKey("request_id", str)
_BEGUN = web.RequestKey("begun", bool)  # the answer's headers have left
_LIMITS = web.RequestKey("rate_limits", dict[str, str])

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Serves the operations below /api/v1."""

    def __init__(self, parts: ApiParts, operations: Sequence[Operation]) -> None:
        self.parts = parts
        self.operations = tuple(operations)
        self._strangers = Buckets(parts.strangers, parts.clock)
        self._known = Buckets(parts.rate, parts.clock)
        self._idempotency = Idempotency(parts.idempotency, parts.clock)

    def routes(self) -> list[web.RouteDef]:
        made: list[web.RouteDef] = []
        paths: dict[str, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            paths[operation.path].append(operation)
        for path, operations in paths.items():
            allowed = {"OPTIONS"}
            for operation in operations:
                more = {}
                if operation.method == "GET":  # a stream has no end that HEAD could wait for
                    more["allow_head"] = "text/event-stream" not in operation.answer_types
                    allowed |= {"HEAD"} if more["allow_head"] else set()
                allowed.add(operation.method)
                handler = self._handler(operation)
                made.append(web.route(operation.method, PREFIX + path, handler, **more))
            made.append(web.options(PREFIX + path, _options(allowed)))
        return made

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every failure below /api becomes a problem that names the request; others pass by."""
        if request.path != "/api" and not request.path.startswith("/api/"):
            return await handler(request)
        request_id = self.parts.ids.new()
        request[_REQUEST_ID] = request_id
        try:
            answer = await handler(request)
        except Exception as error:
            problem = _problem_of(request, error)
            begun = request.get(_BEGUN, False)
            if problem.status >= 500 and not (begun and isinstance(error, ConnectionError)):
                _tell(request, problem, error)
            if begun and request.transport is not None:
                request.transport.abort()  # half an answer: else its reader waits for the rest of it
            answer = problem_response(problem, request_id)
        if not answer.prepared:
            await self.add_headers(request, answer)
        return answer

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Also a signal handler, for streams, whose headers leave before their handler's end."""
        if request_id := request.get(_REQUEST_ID):
            request[_BEGUN] = True
            response.headers["X-Request-Id"] = request_id
            for name, value in request.get(_LIMITS, {}).items():
                response.headers.setdefault(name, value)

    def _handler(self, operation: Operation) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            identity = await self._identify(request)
            _check_rights(request, identity, operation)
            check_accept(request.headers.get("Accept"), answer_types(operation))
            for name, value in request.match_info.items():
                if len(value) > _LONGEST_PART or not value.isprintable():
                    raise Problem(404, "not-found", f"There is no such {name.removesuffix('_id')}.")
            query = query_of(operation.query or NoQuery, request)
            raw, body = await _body(request, operation)
            # Last, as RFC 9110 has it: a version is of no interest to what would be refused anyway.
            if_match = wanted_version(request, required=operation.if_match)
            asked = Asked(
                request=request,
                actor=identity.actor,
                path=request.match_info,
                query=query if operation.query else None,
                body=body,
                if_match=if_match,
            )
            if not operation.keyed:
                return await self._perform(operation, asked)
            return await self._idempotency.once(
                request, identity.actor, raw, lambda: self._perform(operation, asked)
            )

        return serve

    async def _identify(self, request: web.Request) -> Identity:
        """Raises Problem 401, or 429 when too many came, and 403 for another site's page."""
        stranger = address_key(request.remote)
        self._strangers.check(stranger)
        identity = await self.parts.identify(request)
        if identity is None:
            self._strangers.take(stranger)
            raise Problem(
                401,
                "not-signed-in",
                "Send a token that is in force as Authorization: Bearer TOKEN, or sign in.",
                headers={"WWW-Authenticate": 'Bearer realm="infolinia"'},
            )
        known = f"{identity.actor.kind}:{identity.actor.id}"
        self._known.take(known)
        request[_LIMITS] = self._known.headers(known)
        return identity

    async def _perform(self, operation: Operation, asked: Asked) -> web.StreamResponse:
        """The handler's answer within its time. Raises Problem for what registers refuse."""
        limit = None if operation.answer_types or operation.body_types else HANDLER_SECONDS
        try:
            async with asyncio.timeout(limit):
                answer = await operation.handler(asked)
        except Problem:
            raise
        except Missing as missing:
            raise Problem(404, "not-found", str(missing)) from missing
        except Changed as changed:
            headers = {"ETag": etag_of(changed.version)}
            raise Problem(412, "changed", str(changed), headers=headers) from changed
        except Refused as refused:
            raise _refusal(operation, refused) from refused
        except StoreUnavailable as away:
            raise _away() from away
        except TimeoutError as late:
            raise Problem(504, "too-slow", f"It took longer than {HANDLER_SECONDS:g} s.") from late
        if self.parts.seen is not None and operation.notes:
            shown = subjects_seen(operation, asked, answer)
            self.parts.seen.note(asked.actor, operation.notes, shown)
        if not isinstance(answer, Answer):
            return answer
        made = response_of(operation, answer)
        etag = made.headers.get("ETag", "")
        if etag and asked.request.method in ("GET", "HEAD") and not_modified(asked.request, etag):
            return web.Response(status=304, headers={"ETag": etag})
        return made


def _check_rights(request: web.Request, identity: Identity, operation: Operation) -> None:
    """Raises Problem 403."""
    if identity.scopes is not None:
        if operation.scope not in identity.scopes:
            raise Problem(403, "forbidden", f"This takes a token with the scope {operation.scope}.")
    elif not identity.role.includes(operation.role):
        raise Problem(403, "forbidden", f"This takes the role {operation.role}, or one above it.")
    if request.method not in _SAFE and not bears_csrf(request, identity):
        raise Problem(403, "csrf", "Send the session's own token in the header X-CSRF-Token.")


async def _body(request: web.Request, operation: Operation) -> tuple[bytes, object]:
    """The body as it came and as it is understood; nothing of either when the handler reads it itself."""
    taken = body_types(operation)
    if not taken:
        if await read_body(request, None):
            raise Problem(400, "invalid", "This takes no body.", errors=[FieldError("body", "Leave it out.")])
        return b"", None
    check_content_type(request, taken)
    if operation.body is None:
        return b"", None
    raw = await read_body(request, operation.largest_body)
    return raw, body_of(operation.body, raw)


def _refusal(operation: Operation, refused: Refused) -> Problem:
    """A GET has nothing but its query in which the reason can lie."""
    where, status, kind = ("query", 400, "invalid") if operation.method == "GET" else ("body", 422, "refused")
    place = f"{where}.{refused.field}" if refused.field else where
    return Problem(status, kind, str(refused), errors=[FieldError(place, str(refused))])


def _options(methods: set[str]) -> Handler:
    allowed = ", ".join(sorted(methods))

    async def options(request: web.Request) -> web.StreamResponse:
        return web.Response(status=204, headers={"Allow": allowed})

    return options


def _away() -> Problem:
    return Problem(
        503,
        "unavailable",
        "The database does not answer. Try again in a moment.",
        headers={"Retry-After": "5"},
    )


def _problem_of(request: web.Request, error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case Fault(status=status, message=message):
            kinds = {401: "not-signed-in", 403: "foreign", 404: "not-found", 503: "unavailable"}
            return Problem(status, kinds.get(status, "invalid"), message)
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return Problem(
                405, "method-not-allowed", f"This takes {allowed} only.", headers={"Allow": allowed}
            )
        case web.HTTPNotFound():
            return Problem(404, "not-found", f"There is nothing at {request.path[:200]}.")
        case web.HTTPRequestEntityTooLarge():
            return Problem(413, "too-large", "The body is too large.")
        case web.HTTPException() if error.status < 500:
            return Problem(error.status, "invalid", HTTPStatus(error.status).phrase + ".")
        case StoreUnavailable():
            return _away()
        case _:
            return Problem(500, "failed", "The request failed; the log says why, under its instance.")


def _tell(request: web.Request, problem: Problem, error: Exception) -> None:
    where = f"{request.method} {request.path[:200]} (request {request[_REQUEST_ID]})"
    if problem.status == 503:
        log.warning("%s: %s (%s)", where, problem.detail, error.__cause__ or error)
    elif problem.status == 504:
        log.error("%s: %s", where, problem.detail)
    else:
        log.error("%s failed", where, exc_info=error)

"""Answers as they are sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from console.api.negotiation import JSON, PROBLEM, etag_of
from console.api.operation import Answer, Operation
from console.api.problem import Problem

# kind -> what it means, for readers: the documentation lists them, /api/problems/KIND is the type's name.
KINDS = {
    "busy": "Too much of this is being done at once; the header Retry-After tells when to come again.",
    "changed": "Somebody else has changed it since you read it. Read it again and change that.",
    "csrf": "A signed-in person's change needs the header X-CSRF-Token.",
    "damaged": "The recording was changed, cut off, or encrypted with a key that is not here.",
    "failed": "The program failed; its log says why under the request's id.",
    "forbidden": "The token lacks the scope, or the person the role.",
    "forbidden-by-rule": "A rule forbids the contact; `rule` names it, `reason` tells why.",
    "foreign": "The request came by another name or from another site's page.",
    "in-progress": "There is a call with this number already.",
    "interrupted": "A request with this Idempotency-Key was cut off; nobody knows whether it was done.",
    "invalid": "Members are missing, unknown or wrong; `errors` names each.",
    "key-reused": "This Idempotency-Key was used for another request.",
    "media-type": "The body has a Content-Type that is not taken here.",
    "method-not-allowed": "The path does not take this method; the header Allow names those it takes.",
    "not-acceptable": "The Accept header takes nothing of what is given here.",
    "not-found": "There is no such thing or no such path.",
    "no-line": "No line is free, or Asterisk or the trunk is away; Retry-After tells when to come again.",
    "not-in-progress": "The call has ended, or goes on elsewhere.",
    "not-json": "The body is no JSON that can be taken.",
    "not-signed-in": "There is no token or session, or it has ended.",
    "refused": "The change cannot be made; `errors` names the member in which the reason lies.",
    "repeated": "This signed request has been taken already.",
    "running": "A request with this Idempotency-Key is being carried out.",
    "signature": "The request is not signed, or by another secret, or too long ago.",
    "too-large": "The body is too large.",
    "too-many": "Too many requests; the header Retry-After tells when to come again.",
    "too-slow": "It took too long.",
    "unavailable": "The database does not answer. Try again.",
    "unreadable": "The body's encoding is broken.",
    "version-required": "A change names the version that it changes, in the header If-Match.",
}


def problem_object(problem: Problem, instance: str) -> dict[str, Any]:
    """RFC 9457. `instance` is the request's id, which the log has too."""
    shown: dict[str, Any] = {
        "type": f"/api/problems/{problem.kind}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
    }
    if problem.errors:
        shown["errors"] = [{"field": e.field, "message": e.message} for e in problem.errors]
    return {**problem.extra, **shown}


def problem_response(problem: Problem, instance: str) -> web.Response:
    return web.Response(
        body=orjson.dumps(problem_object(problem, instance)),
        status=problem.status,
        headers={**problem.headers, "Content-Type": PROBLEM},
    )


def response_of(operation: Operation, answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.version is not None:
        headers["ETag"] = etag_of(answer.version)
    if answer.body is None:
        status = 204 if operation.status == 200 else operation.status
        return web.Response(status=status, headers=headers)
    headers["Content-Type"] = JSON
    body = answer.body.model_dump_json().encode()
    return web.Response(body=body, status=operation.status, headers=headers)

"""OpenAPI 3.1 of the operations: the same operations always give the same document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from console.accounts.identification import SECURE_COOKIE
from console.api.answers import KINDS
from console.api.negotiation import JSON, PROBLEM, answer_types, body_types
from console.api.operation import Operation
from console.api.problem import ProblemDoc

API_VERSION = "1.0.0"
SERVER = "/api/v1"
_REF = "#/components/schemas/{model}"
Json = dict[str, Any]
Mode = Literal["validation", "serialization"]

INTRODUCTION = """\
JSON in UTF-8; names in snake_case; times as RFC 3339, answered in UTC; money in minor units.
Members that are not documented are refused. Errors are problems (RFC 9457) that name each wrong member."""

# status -> (name of the shared answer, what it means)
_PROBLEMS: Mapping[int, tuple[str, str]] = {
    400: ("Invalid", "The path, the query, a header or the JSON cannot be read; `errors` names the place."),
    401: ("NotSignedIn", "There is no token or session, or it has ended."),
    403: ("Forbidden", "The token lacks the scope, or the person the role."),
    404: ("NotFound", "There is no such thing."),
    406: ("NotAcceptable", "The Accept header takes nothing of what is given here."),
    408: ("TooSlow", "The body did not come in time."),
    409: ("Running", "The first request with this Idempotency-Key still runs, or was cut off."),
    412: ("Changed", "Somebody else has changed it; the header ETag names its version now."),
    413: ("TooLarge", "The body is too large."),
    415: ("MediaType", "The body has another Content-Type."),
    422: ("Refused", "The body is not as it must be; `errors` names each wrong member."),
    428: ("VersionRequired", "The header If-Match is missing."),
    429: ("TooMany", "Too many requests; Retry-After tells when to come again."),
    500: ("Failed", "The program failed; its log says why, under the problem's `instance`."),
    503: ("Unavailable", "The database does not answer. Try again."),
    504: ("TookTooLong", "It took too long."),
}

_PROBLEM_SCHEMAS: Json = {
    "Problem": {
        "type": "object",
        "title": "Problem",
        "description": "What went wrong, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {
                "type": "string",
                "description": "/api/problems/KIND, one of: " + ", ".join(sorted(KINDS)) + ".",
            },
            "title": {"type": "string", "description": "The status in words."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {"type": "string", "description": "One sentence, with the remedy."},
            "instance": {
                "type": "string",
                "description": "The request's id, as in X-Request-Id and the log.",
            },
            "errors": {"type": "array", "items": {"$ref": _REF.format(model="FieldError")}},
        },
    },
    "FieldError": {
        "type": "object",
        "title": "FieldError",
        "required": ["field", "message"],
        "properties": {
            "field": {"type": "string", "description": 'Such as "body.points[0].value" or "query.limit".'},
            "message": {"type": "string"},
        },
    },
}

_HEADERS: Json = {
    "X-Request-Id": {"description": "The request's id, as in the log.", "schema": {"type": "string"}},
    "ETag": {"description": "The version of what is answered, for If-Match.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left of the rate.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The rate.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "true: this was answered before to the same key.",
        "schema": {"type": "string"},
    },
}


def document(operations: Sequence[Operation]) -> Json:
    """The whole OpenAPI document."""
    models = sorted(
        {(model, mode) for operation in operations for model, mode in _models(operation)},
        key=lambda pair: (pair[0].__name__, pair[0].__module__, pair[1]),
    )
    refs, defined = models_json_schema(models, ref_template=_REF)
    refs, definitions = _renamed(refs), _renamed(defined.get("$defs", {}))
    for name, schema in definitions.items():
        schema["title"] = name  # by which clients' makers call it
    paths: dict[str, Json] = {}
    for operation in operations:
        shown = _operation(operation, refs)
        if links := _links(operation, operations):
            shown["responses"][str(operation.status)]["links"] = links
        paths.setdefault(operation.path, {})[operation.method.lower()] = shown
    schemas = {**_PROBLEM_SCHEMAS, **definitions}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "infolinia",
            "version": API_VERSION,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": SERVER}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {name: _problem(status, text) for status, (name, text) in _PROBLEMS.items()},
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of another system. It has scopes and an end.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SECURE_COOKIE,
                    "description": "A signed-in person. What changes something bears X-CSRF-Token too.",
                },
            },
        },
    }


def _name(given: Any) -> Any:
    """What is sent and answered in different forms is an Input where it is sent."""
    if not isinstance(given, str):
        return given
    return given.removesuffix("-Output").replace("-Input", "Input")


def _renamed(node: Any) -> Any:
    match node:
        case dict():
            return {_name(name): _renamed(value) for name, value in node.items()}
        case list():
            return [_renamed(value) for value in node]
        case str() if node.startswith(_REF.format(model="")):
            return _REF.format(model=_name(node.rpartition("/")[2]))
        case _:
            return node


def _models(operation: Operation) -> list[tuple[type[BaseModel], Mode]]:
    found: list[tuple[type[BaseModel], Mode]] = []
    if operation.body is not None:
        found.append((operation.body, "validation"))
    if operation.answer is not None:
        found.append((operation.answer, "serialization"))
    return found


def _operation(operation: Operation, refs: Mapping[Any, Json]) -> Json:
    made: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "description": _description(operation),
        "security": [{"bearer": [str(operation.scope)]}, {"session": [str(operation.role)]}],
        "parameters": parameters(operation),
        "responses": _responses(operation, refs),
    }
    if taken := body_types(operation):
        schema = refs[(operation.body, "validation")] if operation.body else {}
        # A merge patch is taken as such too; two types of one body trouble the makers of clients.
        told = (JSON,) if operation.body else taken
        made["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in told}}
    return made


def _links(operation: Operation, operations: Sequence[Operation]) -> Json:
    """From what makes a thing to what is then done with it, by the thing's id and version."""
    made = operation.answer
    if operation.method != "POST" or "{" in operation.path or made is None or "id" not in made.model_fields:
        return {}
    links: Json = {}
    for other in operations:
        if match := re.fullmatch(rf"{re.escape(operation.path)}/{{(\w+)}}(/[\w-]+)?", other.path):
            named = {match[1]: "$response.body#/id"}
            if other.if_match:
                named["header.If-Match"] = "$response.header.ETag"
            links[other.name] = {"operationId": other.name, "parameters": named}
    return links


def _description(operation: Operation) -> str:
    who = f"Takes a token with the scope `{operation.scope}`, or the role `{operation.role}` or one above it."
    return f"{operation.description.strip()}\n\n{who}".strip()


def parameters(operation: Operation) -> list[Json]:
    """Of the path, the query and the headers."""
    made: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        made += _query_parameters(operation.query)
    if operation.if_match:
        text = "The ETag of the version that is changed."
        made.append(_header("If-Match", text, required=True, example='"3"'))
    if operation.method == "GET" and answer_types(operation) == (JSON,):
        text = "An ETag; 304 is answered while it is still the thing's version."
        made.append(_header("If-None-Match", text))
    if operation.keyed:
        text = (
            "1 to 200 printable characters: the same request with the same key is carried out once in 24 h."
        )
        made.append(_header("Idempotency-Key", text, pattern="^[!-~]{1,200}$"))
    return made


def _header(name: str, text: str, *, required: bool = False, example: str = "", pattern: str = "") -> Json:
    schema: Json = {"type": "string", **({"pattern": pattern} if pattern else {})}
    shown = {"example": example} if example else {}
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": text,
        "schema": schema,
        **shown,
    }


def _query_parameters(query: type[BaseModel]) -> list[Json]:
    schema = query.model_json_schema(ref_template=_REF)
    defined = schema.get("$defs", {})
    made = []
    for name, member in schema.get("properties", {}).items():
        shown = _without_null(_resolved(member, defined))
        text = shown.pop("description", "")
        shown.pop("title", None)
        made.append(
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                **({"description": text} if text else {}),
                "schema": shown,
            }
        )
    return made


def _resolved(member: Any, defined: Mapping[str, Any]) -> Any:
    """Each reference is replaced by what it names: enums and the like."""
    match member:
        case {"$ref": str(ref), **others}:
            return {**_resolved(defined[ref.rpartition("/")[2]], defined), **others}
        case dict():
            return {name: _resolved(value, defined) for name, value in member.items()}
        case list():
            return [_resolved(value, defined) for value in member]
        case _:
            return member


def _without_null(member: Json) -> Json:
    """A parameter that is not given is left out; it is never null."""
    if member.get("default", ...) is None:
        member = {name: value for name, value in member.items() if name != "default"}
    choices = [choice for choice in member.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        others = {name: value for name, value in member.items() if name != "anyOf"}
        return {**choices[0], **others}
    return {**member, "anyOf": choices} if choices else member


def _responses(operation: Operation, refs: Mapping[Any, Json]) -> Json:
    headers = ["X-Request-Id", "RateLimit", "RateLimit-Policy"]
    if operation.answer is not None:
        headers.append("ETag")
    if operation.status == 201:
        headers.append("Location")
    if operation.keyed:
        headers.append("Idempotency-Replayed")
    given = answer_types(operation)
    status = operation.status if given or operation.status != 200 else 204
    success: Json = {"description": "Done.", "headers": _header_refs(headers)}
    if given:
        success["content"] = {kind: {"schema": _answer_schema(operation, kind, refs)} for kind in given}
    made: Json = {str(status): success}
    if operation.method == "GET" and given == (JSON,):
        made["304"] = {"description": "It is still the version that If-None-Match names."}
    own = {doc.status: doc for doc in operation.problems}
    for code in sorted({*statuses(operation), *own}):
        if code in own:
            made[str(code)] = _own_problem(own[code], code in statuses(operation))
        else:
            made[str(code)] = {"$ref": f"#/components/responses/{_PROBLEMS[code][0]}"}
    return made


def _answer_schema(operation: Operation, kind: str, refs: Mapping[Any, Json]) -> Json:
    if operation.answer is not None and kind.endswith("json"):
        return refs[(operation.answer, "serialization")]
    return {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}


def statuses(operation: Operation) -> list[int]:
    """Of the problems that the operation may answer with by what it is, beside its own."""
    found = {400, 401, 403, 429, 500, 503}
    if "{" in operation.path or operation.query is not None:  # a query may name a thing too
        found.add(404)
    if answer_types(operation):
        found.add(406)
    if body_types(operation):
        found |= {408, 413, 415}
    if operation.method != "GET":
        found.add(422)
    if operation.if_match:
        found |= {412, 428}
    if operation.keyed:
        found.add(409)
    if not operation.answer_types and not operation.body_types:
        found.add(504)
    return sorted(found)


def _problem(status: int, text: str, members: Mapping[str, object] | None = None) -> Json:
    schema: Json = {"$ref": _REF.format(model="Problem")}
    if members:
        schema = {"allOf": [schema, {"type": "object", "properties": dict(members)}]}
    headers = ["X-Request-Id"]
    if status in (429, 503):
        headers.append("Retry-After")
    if status == 412:
        headers.append("ETag")
    return {
        "description": text,
        "headers": _header_refs(headers),
        "content": {PROBLEM: {"schema": schema}},
    }


def _own_problem(doc: ProblemDoc, shared: bool) -> Json:
    text = f"{doc.description} {_PROBLEMS[doc.status][1]}" if shared else doc.description
    return _problem(doc.status, text, doc.members)


def _header_refs(names: Sequence[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

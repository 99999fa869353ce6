"""The API's reference for readers, made from its OpenAPI document: fields as rows, and an example each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console.api.negotiation import JSON

_DEEPEST = 4
_METHODS = ("get", "post", "put", "patch", "delete")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """`name` as "points[].value"; `kind` in words."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class ErrorRow:
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class OperationPage:
    """`who`: a scope and a role. `curl` is a command to copy."""

    name: str
    method: str
    path: str
    summary: str
    text: tuple[str, ...]
    scope: str
    role: str
    parameters: tuple[FieldRow, ...]
    body_kinds: tuple[str, ...]
    body: tuple[FieldRow, ...]
    status: str
    answer_kinds: tuple[str, ...]
    answer: tuple[FieldRow, ...]
    errors: tuple[ErrorRow, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class TagPage:
    name: str
    operations: tuple[OperationPage, ...]


def reference(document: Json) -> tuple[TagPage, ...]:
    """By tag, in the document's order."""
    pages: dict[str, list[OperationPage]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                shown = _Reader(document).page(method, path, item[method])
                pages[item[method]["tags"][0]].append(shown)
    return tuple(TagPage(name, tuple(operations)) for name, operations in pages.items())


class _Reader:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._server = document["servers"][0]["url"]

    def page(self, method: str, path: str, operation: Json) -> OperationPage:
        answers = operation["responses"]
        status = next(code for code in answers if code.startswith("2"))
        body = operation.get("requestBody", {}).get("content", {})
        answer = answers[status].get("content", {})
        return OperationPage(
            name=operation["operationId"],
            method=method.upper(),
            path=self._server + path,
            summary=operation["summary"],
            text=tuple(operation["description"].split("\n\n")[:-1]),
            scope=operation["security"][0]["bearer"][0],
            role=operation["security"][1]["session"][0],
            parameters=tuple(self._parameter(parameter) for parameter in operation["parameters"]),
            body_kinds=tuple(body),
            body=tuple(self._rows(body.get(JSON, {}).get("schema", {}))),
            status=status,
            answer_kinds=tuple(answer),
            answer=tuple(self._rows(answer.get(JSON, {}).get("schema", {}))),
            errors=tuple(
                ErrorRow(code, self._resolved(answers[code])["description"])
                for code in answers
                if not code.startswith("2")
            ),
            curl=self._curl(method, path, operation),
        )

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            found: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = {**found, **{name: value for name, value in node.items() if name != "$ref"}}
        return node

    def _parameter(self, parameter: Json) -> FieldRow:
        kind = self._kind(parameter["schema"])
        name = parameter["name"]
        where = {"path": "path", "query": "query", "header": "header"}[parameter["in"]]
        return FieldRow(name, f"{where}, {kind}", parameter["required"], parameter.get("description", ""))

    def _rows(self, schema: Json, prefix: str = "", depth: int = 1) -> Iterator[FieldRow]:
        schema = self._chosen(schema)
        if schema.get("type") == "array":
            yield from self._rows(schema.get("items", {}), f"{prefix}[]", depth)
            return
        for name, member in schema.get("properties", {}).items():
            whole = f"{prefix}.{name}" if prefix else name
            member = self._resolved(member)
            text = member.get("description", "")
            yield FieldRow(whole, self._kind(member), name in schema.get("required", ()), text)
            if depth < _DEEPEST:
                yield from self._rows(member, whole, depth + 1)

    def _chosen(self, schema: Json) -> Json:
        """Of several kinds the first that is not null."""
        schema = self._resolved(schema)
        for choice in schema.get("anyOf", schema.get("oneOf", ())):
            if choice.get("type") != "null":
                return self._chosen(choice)
        return schema

    def _kind(self, schema: Json) -> str:
        schema = self._resolved(schema)
        choices = schema.get("anyOf", schema.get("oneOf"))
        if choices:
            return " or ".join(dict.fromkeys(self._kind(choice) for choice in choices))
        if "const" in schema:
            return f"“{schema['const']}”"
        if "enum" in schema:
            return "one of " + ", ".join(str(value) for value in schema["enum"])
        kind = schema.get("type", "any JSON")
        if kind == "array":
            words = f"list of {self._kind(schema.get('items', {}))}"
            return words + (f", {schema['maxItems']} at most" if "maxItems" in schema else "")
        if schema.get("format") == "date-time":
            return "time"
        low, high = schema.get("minimum"), schema.get("maximum")
        if kind in ("integer", "number") and low is not None and high is not None and high < 2**53 - 1:
            return f"{kind}, {low} to {high}"
        if "maxLength" in schema:
            return f"{kind}, {schema['maxLength']} characters at most"
        return str(kind)

    def _curl(self, method: str, path: str, operation: Json) -> str:
        lines = [] if method == "get" else [f"-X {method.upper()}"]
        lines.append('-H "Authorization: Bearer $TOKEN"')
        headers = {p["name"]: p.get("example", "") for p in operation["parameters"] if p["in"] == "header"}
        if "If-Match" in headers:
            lines.append("-H " + shlex.quote(f"If-Match: {headers['If-Match']}"))
        if "Idempotency-Key" in headers:
            lines.append('-H "Idempotency-Key: $(uuidgen)"')
        content = operation.get("requestBody", {}).get("content", {})
        if JSON in content:
            example = json.dumps(self.example(content[JSON]["schema"]), ensure_ascii=False)
            lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(example)}"]
        elif content:
            lines += [f"-H {shlex.quote('Content-Type: ' + next(iter(content)))}", "--data-binary @FILE"]
        return " \\\n  ".join([f"curl $SERVER{self._server}{path}", *lines])

    def example(self, schema: Json, name: str = "", depth: int = 1) -> Any:
        """Made of the schema's own examples, else of its required members."""
        schema = self._chosen(schema)
        for given in (*schema.get("examples", ()), *schema.get("enum", ())):
            return given
        if "const" in schema:
            return schema["const"]
        match schema.get("type"):
            case "object":
                required = schema.get("required", ())
                members = schema.get("properties", {})
                chosen = [m for m in members if m in required] or list(members)[:1]
                if depth > _DEEPEST:
                    return {}
                return {m: self.example(members[m], m, depth + 1) for m in chosen}
            case "array":
                return [self.example(schema.get("items", {}), name, depth + 1)] if depth <= _DEEPEST else []
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case "string" if schema.get("format") == "date-time":
                return "2026-11-22T09:30:00Z"
            case _:
                return name.upper() or "TEXT"

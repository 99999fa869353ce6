from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from console.api.answers import KINDS
from console.api.areas import declared_operations
from console.api.documentation import Documentation
from console.api.openapi import document
from console.api.operation import Operation
from tests.api.serving import RunningApi
from tests.api.things import Things

ROOT = Path(__file__).parents[2]
DECLARED = declared_operations()


def test_the_document_is_openapi() -> None:
    OpenAPIV31SpecValidator(document(DECLARED)).validate()
    OpenAPIV31SpecValidator(document(Things().operations())).validate()


def test_a_wrong_document_would_be_seen() -> None:
    wrong = document(Things().operations())
    wrong["paths"]["/things"]["get"]["responses"]["200"].pop("description")
    assert not OpenAPIV31SpecValidator(wrong).is_valid()


def test_operations_have_names_of_their_own() -> None:
    names = Counter(operation.name for operation in DECLARED)
    assert [name for name, count in names.items() if count > 1] == []
    ways = Counter((operation.method, re.sub(r"{\w+}", "{}", operation.path)) for operation in DECLARED)
    assert [way for way, count in ways.items() if count > 1] == []


def test_models_have_names_of_their_own() -> None:
    """Two models of one name are told apart by their modules, which no reader wants to see."""
    assert [name for name in document(DECLARED)["components"]["schemas"] if "__" in name] == []


@pytest.mark.parametrize("operation", DECLARED, ids=lambda operation: operation.name)
def test_an_operation_is_declared_in_full(operation: Operation) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation.name)
    assert operation.summary
    assert len(operation.summary) <= 80
    assert not operation.summary.endswith(".")
    assert operation.if_match == (operation.method == "PATCH") or operation.if_match
    if operation.keyed:
        assert operation.method == "POST"
        assert not operation.answer_types
        assert not operation.body_types
    if operation.method in ("GET", "DELETE"):
        assert operation.body is None


def test_the_command_prints_the_same_whatever_the_order_of_hashes() -> None:
    written = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [Path(sys.executable).with_name("infolinia"), "api", "openapi"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            timeout=50,
            check=True,
        )
        written.append(done.stdout)
    assert written[0] == written[1] == Documentation(DECLARED).written


def test_every_kind_of_problem_is_told_on_the_page_of_the_api() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE)) == KINDS


def test_no_other_kind_is_raised() -> None:
    raised = set()
    for path in (ROOT / "console").rglob("*.py"):
        raised |= set(re.findall(r'Problem\(\s*\d+,\s*"([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert len(raised) > 15
    assert raised - KINDS.keys() == set()


async def test_it_is_served_with_a_version(api: RunningApi) -> None:
    reply = await api.stranger().get("/api/openapi.json")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.json == orjson.loads(Documentation(DECLARED).written)
    again = await api.stranger().get("/api/openapi.json", headers={"If-None-Match": reply.etag})
    assert (again.status, again.raw) == (304, b"")


async def test_the_page_tells_every_operation(thing_api: RunningApi) -> None:
    reply = await thing_api.stranger().get("/api/docs", headers={"Accept": "text/html"})
    page = reply.raw.decode()
    assert reply.status == 200
    for operation in thing_api.api.operations:
        assert f'id="{operation.name}"' in page
        assert f"/api/v1{operation.path}" in page
    assert "parts[].value" in page
    assert 'id="problem-too-many"' in page
    assert "<script" not in page


async def test_the_page_speaks_three_languages(thing_api: RunningApi) -> None:
    for language, word in (("pl", "Odpowiedź"), ("en", "Answer"), ("ru", "Ответ")):
        reply = await thing_api.stranger().get("/api/docs", headers={"Accept-Language": language})
        assert word in reply.raw.decode()


async def test_a_problem_has_its_page(api: RunningApi) -> None:
    reply = await api.stranger().get("/api/problems/too-many")
    assert (reply.status, reply.headers["Location"]) == (303, "/api/docs#problem-too-many")
    assert (await api.stranger().get("/api/problems/none")).status == 404

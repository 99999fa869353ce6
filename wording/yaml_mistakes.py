"""What the YAML parser complains of, in words for a person who writes a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

QUOTED_KEY = 'a key or text that begins with {sign} is quoted: "{sign}"'

# A comment that begins like a key: "#: {next: bye}" was meant for the key # of the telephone.
_HASH_KEY = re.compile(r"^(?P<before>.*?(?:^|[\s,{]))#\s*:(?=\s|$)", re.MULTILINE)


def hash_keys(text: str) -> Iterator[int]:
    """Offsets of unquoted `#:`, which YAML silently takes for a comment."""
    for match in _HASH_KEY.finditer(text):
        before = match["before"]
        in_comment = re.search(r"(?:^|\s)#", before) is not None
        in_quotes = before.count('"') % 2 == 1 or before.count("'") % 2 == 1
        if not in_comment and not in_quotes:
            yield match.end("before")


def told(error: Any, text: str) -> tuple[int, int, str]:
    """(line, column, what is wrong and the remedy); both count from 1. `error`: a yaml.MarkedYAMLError."""
    lines = text.split("\n")
    mark, context_mark = error.problem_mark or error.context_mark, error.context_mark
    if mark is None:
        return 1, 1, "this is not YAML: see the description of the file"
    at = _inside(mark, lines)
    began = at if context_mark is None else _inside(context_mark, lines)
    rest = lines[at[0] - 1][at[1] - 1 :]
    problem, context = error.problem or "", error.context or ""
    if "alias" in context or "anchor" in context:
        sign = lines[began[0] - 1][began[1] - 1 : began[1]]
        return *at, QUOTED_KEY.format(sign=sign or "*")
    if "mapping values are not allowed" in problem:
        return *at, _stray_colon(lines, at)
    if "expected ',' or" in problem:
        return _unclosed(problem, began, at)
    if "quoted scalar" in context and "end of" in problem:
        return *began, "this quotation mark is never closed"
    if "unknown escape" in problem:
        return (
            *at,
            "between double quotation marks \\ has a meaning of its own: write \\\\ for the sign itself",
        )
    if "could not find expected ':'" in problem:
        return *began, "a key without a value: write a colon and a blank after it"
    if "cannot start any token" in problem or "directive" in context:
        sign = rest[:1] if "directive" not in context else "%"
        return *at, f"a text that begins with {sign} is put in quotation marks"
    if "expected node content" in problem:
        before = f"before {rest[:1]!r}" if rest else "at the end"
        return *at, f"a value is missing {before}: write it, or remove what separates it"
    if "comment or line break" in problem:
        return *began, "a text that begins with | or > is put in quotation marks"
    if "did not find expected" in problem:
        return *at, _misplaced(lines, at, rest)
    return *at, f"this cannot be read ({problem}): check indentation, brackets and quotation marks"


def _inside(mark: Any, lines: list[str]) -> tuple[int, int]:
    """Line and column of a mark; the end of the text when it lies behind it."""
    line = mark.line + 1
    return (line, mark.column + 1) if line <= len(lines) else (len(lines), len(lines[-1]) + 1)


def _unclosed(problem: str, began: tuple[int, int], at: tuple[int, int]) -> tuple[int, int, str]:
    closing = "]" if "']'" in problem else "}"
    opening = "[" if closing == "]" else "{"
    if at[0] > began[0]:
        return *began, f"this {opening} is not closed with {closing}, or a comma is missing after an entry"
    where = f"the {opening} of column {began[1]}"
    remedy = "a text with a colon, comma or bracket in it is put in quotation marks"
    return *at, f"a comma or {closing} is missing here, for {where}; {remedy}"


def _stray_colon(lines: list[str], at: tuple[int, int]) -> str:
    line = lines[at[0] - 1]
    before = line[: at[1] - 1]
    if re.search(r"[:{,]\s", before):
        return "a second colon in one line: put the text in quotation marks"
    return "a key stands where the line before goes on: check the indentation, and the blank after each colon"


def _misplaced(lines: list[str], at: tuple[int, int], rest: str) -> str:
    before = lines[at[0] - 1][: at[1] - 1].rstrip()
    if before.endswith(("}", "]")) and rest[:1] in ("}", "]"):
        return f"one {rest[0]} too many"
    if before.endswith(("'", '"', "}", "]")):
        return (
            f"nothing may follow {before[-1]} in this line: put the whole text in quotation marks "
            "(and write '' for ' between single ones)"
        )
    if rest.startswith("- "):
        return "an entry of a list stands among keys: check the indentation"
    return "this line is indented differently from those it belongs to: check the indentation"

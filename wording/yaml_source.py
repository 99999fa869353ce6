"""YAML text as a tree in which every key and value knows its line and column, and every scalar is text.

Plain YAML would make a number of +48221234567, 66 of 0102, 510 of 8:30 and false of NO. Here they stay what
was written, and the model that reads them decides. Anchors, merges and tags are refused: what is written is
what is meant, and a small file cannot blow up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import yaml

from wording.yaml_mistakes import QUOTED_KEY, hash_keys, told

LONGEST_CHARACTERS = 1_000_000
LONGEST_BYTES = 4 * LONGEST_CHARACTERS
MOST_NODES = 100_000
DEEPEST = 30

# libyaml is ten times faster than the parser written in Python; both give the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# A file has thousands of places and scalars, and a named tuple is made much faster than a frozen dataclass.
class Place(NamedTuple):
    """Both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, where, and what to do about it."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class SourceRejected(Exception):
    """A file is refused; `problems` are in the order of the file, and `str()` has one a line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Scalar(NamedTuple):
    """`plain`: written without quotes, so an empty one means that nothing was written."""

    text: str
    place: Place
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values in the order of the file; a key stands here once.

    `repeated`: what is written under a key that was there already: refused, but what it leads to counts.
    """

    entries: dict[str, tuple[Scalar, Node]]
    place: Place
    repeated: tuple[Node, ...] = ()

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def value(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return None if entry is None else entry[1]


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Node, ...]
    place: Place


Node = Scalar | Table | Listing

# What YAML allows, less the marks that end lines in ways no editor shows.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
UNPRINTABLE = "the unprintable character U+{sign:04X}: remove it"
_TAB_INDENT = re.compile(r"^[ ]*\t", re.MULTILINE)


def read_yaml(text: str | bytes, file: str) -> Node:
    """The tree of `text`. `file` is only named in problems. Raises SourceRejected."""
    node, problems = read_leniently(text, file)
    if problems:
        raise SourceRejected(problems)
    return node


def read_leniently(text: str | bytes, file: str) -> tuple[Node, tuple[Problem, ...]]:
    """The tree, and what is wrong with it that does not keep the rest from being read.

    Raises SourceRejected when nothing behind some place can be read.
    """
    return _Reader(file).read(text)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        self._nodes = 0

    def read(self, source: str | bytes) -> tuple[Node, tuple[Problem, ...]]:
        if len(source) > (LONGEST_CHARACTERS if isinstance(source, str) else LONGEST_BYTES):
            self._refuse(Place(1, 1), f"more than {LONGEST_CHARACTERS:,} characters: split the file")
        text = self._decoded(source)
        if len(text) > LONGEST_CHARACTERS:
            self._refuse(Place(1, 1), f"more than {LONGEST_CHARACTERS:,} characters: split the file")
        for match in _TAB_INDENT.finditer(text):
            self._note(_place_at(text, match.end() - 1), "a tab: indent with blanks")
        if (bad := _UNPRINTABLE.search(text)) is not None:
            self._note(_place_at(text, bad.start()), UNPRINTABLE.format(sign=ord(bad.group())))
        if self._problems:
            raise self._rejected()
        for offset in hash_keys(text):
            self._note(_place_at(text, offset), QUOTED_KEY.format(sign="#"))
        try:
            node = self._document(_LOADER(text).get_event)
        except yaml.MarkedYAMLError as error:
            if self._problems:
                raise self._rejected() from None  # what was noted is why it cannot be read
            line, column, message = told(error, text)
            self._refuse(Place(line, column), message)
        return node, self._rejected().problems

    def _decoded(self, source: str | bytes) -> str:
        if isinstance(source, str):
            return source.removeprefix("\ufeff")
        try:
            return source.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            before = source[: error.start].decode("utf-8")
            self._refuse(_place_at(before, len(before)), "this is not UTF-8: save the file as UTF-8")

    def _document(self, next_event: Callable[[], Any]) -> Node:
        """Build the tree with a stack of its own: a deep file cannot exhaust Python's."""
        root: Node | None = None
        stack: list[_Open] = []
        kind: type[Any] | None = None
        while kind is not yaml.StreamEndEvent:
            node: Node | None = None
            event = next_event()
            kind = type(event)  # far quicker than asking each class in turn
            if kind is yaml.ScalarEvent:
                self._nodes += 1
                if self._nodes > MOST_NODES or event.anchor is not None or event.tag is not None:
                    self._refuse_unless_plain(event)
                mark = event.start_mark
                # Also one that is written as an escape: voices, databases and pages take none.
                if event.style == '"' and (bad := _UNPRINTABLE.search(event.value)) is not None:
                    self._note(_marked(mark), UNPRINTABLE.format(sign=ord(bad.group())))
                node = Scalar(event.value, Place(mark.line + 1, mark.column + 1), event.style in (None, ""))
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._nodes += 1
                self._refuse_unless_plain(event)
                if len(stack) >= DEEPEST:
                    self._refuse(_marked(event.start_mark), f"nested more than {DEEPEST} levels deep")
                entries: dict[str, tuple[Scalar, Node]] | None = (
                    {} if kind is yaml.MappingStartEvent else None
                )
                stack.append(_Open(_marked(event.start_mark), entries, []))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                node = stack.pop().closed()
            elif kind is yaml.AliasEvent:
                message = 'an alias: write the value out (a text that begins with * is quoted: "*")'
                self._refuse(_marked(event.start_mark), message)
            elif kind is yaml.DocumentStartEvent and root is not None:
                self._refuse(_marked(event.start_mark), "a second document: one file holds one")
            if node is not None and stack:
                self._add(stack[-1], node)
            elif node is not None:
                root = node
        if root is None:
            self._refuse(Place(1, 1), "the file is empty")
        return root

    def _add(self, parent: _Open, node: Node) -> None:
        if parent.entries is None:
            parent.items.append(node)
        elif parent.key is not None:
            if parent.again:
                parent.items.append(node)
            else:
                parent.entries[parent.key.text] = (parent.key, node)
            parent.key, parent.again = None, False
        elif not isinstance(node, Scalar):
            self._refuse(node.place, "a key must be a word or a number")
        else:
            if (first := parent.entries.get(node.text)) is not None:
                self._note(node.place, f"{node.text!r} was already written in line {first[0].place.line}")
                parent.again = True
            elif node.text == "<<" and node.plain:
                self._note(node.place, "merging with << is not used here: write the keys out")
            parent.key = node

    def _refuse_unless_plain(self, event: Any) -> None:
        if self._nodes > MOST_NODES:
            self._refuse(
                _marked(event.start_mark), f"more than {MOST_NODES:,} keys and values: split the file"
            )
        if event.anchor is not None:
            self._note(_marked(event.start_mark), f"the anchor &{event.anchor}: write the value out instead")
        if event.tag is not None:
            self._note(_marked(event.start_mark), f"the tag {event.tag}: values have no tags here")

    def _note(self, place: Place, message: str) -> None:
        self._problems.append(Problem(self._file, place.line, place.column, message))

    def _refuse(self, place: Place, message: str) -> NoReturn:
        """Nothing after this place can be read."""
        self._note(place, message)
        raise self._rejected()

    def _rejected(self) -> SourceRejected:
        return SourceRejected(tuple(sorted(self._problems, key=lambda p: (p.line, p.column))))


@dataclass(slots=True)
class _Open:
    """A table or listing that is being read. `entries` is None for a listing.

    `items` are those of a listing, or what a table has under a key once more (`again`).
    """

    place: Place
    entries: dict[str, tuple[Scalar, Node]] | None
    items: list[Node]
    key: Scalar | None = None
    again: bool = False

    def closed(self) -> Node:
        if self.entries is None:
            return Listing(tuple(self.items), self.place)
        return Table(self.entries, self.place, tuple(self.items))


def _marked(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _place_at(text: str, offset: int) -> Place:
    return Place(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))

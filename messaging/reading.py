"""What readers of templates and cascades share: mistakes with their places, names, lists of words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from wording.yaml_source import Listing, Node, Place, Problem, Scalar, SourceRejected, Table

NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")


class FileReader:
    """Mistakes are noted, and reading goes on: a person is told all of them at once."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file, self.problems = file, list(problems)

    def note(self, place: Place, message: str) -> None:
        self.problems.append(Problem(self.file, place.line, place.column, message))

    def refuse_if_noted(self) -> None:
        """Raises SourceRejected with every problem, in the order of the file."""
        if self.problems:
            raise SourceRejected(tuple(sorted(set(self.problems), key=lambda p: (p.line, p.column))))

    def check_keys(self, table: Table, known: Iterable[str]) -> None:
        for key, (written, _) in table.entries.items():
            if key not in known:
                self.note(written.place, f"{key!r} is not known here{guess(key, known)}")

    def name(self, root: Table, kind: str, named: str | None) -> str:
        """The name under the key `kind`; `named`: the one that it must be."""
        node = root.value(kind)
        if not isinstance(node, Scalar) or not NAME.fullmatch(node.text):
            place = root.place if node is None else node.place
            self.note(place, f"{kind}: a name of small letters, digits, _ and -, a letter first")
            return named or ""
        if named is not None and node.text != named:
            message = f"the {kind} is named {node.text!r} but its file {named!r}: give both one name"
            self.note(node.place, message)
        return node.text

    def words(self, node: Node | None) -> list[Scalar]:
        """Those of a list, or the one that stands alone."""
        if isinstance(node, Scalar):
            return [node] if node.text else []
        items = node.items if isinstance(node, Listing) else ()
        for item in items:
            if not isinstance(item, Scalar):
                self.note(item.place, "a word is wanted here")
        if isinstance(node, Table):
            self.note(node.place, "a list of words is wanted here")
        return [item for item in items if isinstance(item, Scalar)]

    def chosen(self, words: Iterable[Scalar], known: Iterable[str]) -> list[str]:
        """Of `words` those that are known; others are noted."""
        found = []
        for word in words:
            if word.text in known:
                found.append(word.text)
            else:
                self.note(word.place, f"{word.text!r} is not known here{guess(word.text, known)}")
        return found


def guess(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else f"; there are {', '.join(known)}"

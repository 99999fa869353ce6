"""Templates read from YAML, one in a file, with every mistake and its line.

template: order_sent                      # the file's name
purpose: service
languages: [pl, en]
takes: [order]
defaults: {first_name: {pl: "Kliencie", en: "customer"}}
link: "https://shop.example/orders/{order}"
text:
  pl: "{first_name}, zamówienie {order} jest w drodze: {link}"
  en:
    - "{first_name}, order {order} is on its way: {link}"
    - {when: parcels > 1, text: "It comes in {parcels} parcels."}
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from compliance.facts import Purpose
from messaging.reading import FileReader, guess
from messaging.templates import CODE, LANGUAGE, LINK, Condition, MessageTemplate, Piece, Variant
from wording.expressions import ExpressionProblem, parse_expression
from wording.filters import FILTERS
from wording.spelling import LETTERS
from wording.templates import Template, parse_template
from wording.yaml_source import Listing, Node, Place, Problem, Scalar, SourceRejected, Table, read_leniently

LONGEST_TEXT, LONGEST_SUBJECT, LONGEST_HTML = 10_000, 200, 200_000
VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOST, _HOST_AND_MORE = re.compile(r"https?://[^/?#\s]+"), re.compile(r"https?://[^/?#\s]+[/?#]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_KEYS = ("template", "purpose", "languages", "takes", "defaults", "when", "link", "text", "subject", "html")
_LONGEST = {"text": LONGEST_TEXT, "subject": LONGEST_SUBJECT, "html": LONGEST_HTML}
# These say nothing aloud; the others speak, and know how in three languages.
_SILENT_FILTERS = frozenset({"upper", "lower", "first", "last", "written"})
_FILTER = re.compile(r"\|\s*(\w+)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_EXPRESSION = re.compile(r"\{\{|\}\}|\{([^}]*)\}")
# An address that begins with a value could be `javascript:` in somebody's name.
_VALUE_AS_ADDRESS = re.compile(
    r"""(?:href|src|action)\s*=\s*["']?\s*\{(?!\s*(?:link|unsubscribe)\s*\})""", re.I
)


def load_template(text: str | bytes, file: str, *, named: str | None = None) -> MessageTemplate:
    """Raises SourceRejected with every problem. `file` is only named; `named`: the name that it must bear."""
    root, problems = read_leniently(text, file)
    lines = _LINE_END.split(text if isinstance(text, str) else text.decode("utf-8-sig"))
    reader = _Reader(file, lines, problems)
    template = reader.template(root, named)
    reader.refuse_if_noted()
    return template


class _Reader(FileReader):
    def __init__(self, file: str, lines: list[str], problems: Iterable[Problem]) -> None:
        super().__init__(file, problems)
        self._lines = lines
        self._languages: tuple[str, ...] = ()

    def template(self, root: Node, named: str | None) -> MessageTemplate:
        if not isinstance(root, Table):
            self.note(root.place, "a template is a table that begins with template: and its name")
            raise SourceRejected(tuple(self.problems))
        self.check_keys(root, _KEYS)
        name = self.name(root, "template", named)
        purpose = self._purpose(root)
        self._languages = self._read_languages(root)
        texts = {key: self._texts(key, root.value(key)) for key in ("text", "subject", "html")}
        if "text" not in root:
            self.note(root.place, "text is missing: what is written, in each language")
        template = MessageTemplate(
            name,
            purpose,
            {
                language: Variant(*(texts[key].get(language, ()) for key in ("text", "subject", "html")))
                for language in self._languages
            },
            takes=self._takes(root.value("takes")),
            defaults=self._defaults(root.value("defaults")),
            when=self._when(root.value("when")),
            link=self._link(root.value("link")),
            file=self.file,
        )
        self._check_whole(root, template)
        return template

    # --- the head -----------------------------------------------------------------------------------------

    def _purpose(self, root: Table) -> Purpose:
        node, known = root.value("purpose"), [purpose.value for purpose in Purpose]
        if isinstance(node, Scalar) and node.text in known:
            return Purpose(node.text)
        meant = guess(node.text, known) if isinstance(node, Scalar) else ""
        self.note(root.place if node is None else node.place, f"purpose is one of {', '.join(known)}{meant}")
        return Purpose.SERVICE

    def _read_languages(self, root: Table) -> tuple[str, ...]:
        node = root.value("languages")
        items = self.words(node)
        for item in items:
            if not _LANGUAGE.fullmatch(item.text):
                self.note(item.place, f"{item.text!r} is no language: write its two letters, such as pl")
        if not items:
            place = root.place if node is None else node.place
            self.note(place, "languages: those that it is written in, such as [pl, en]")
        return tuple(dict.fromkeys(item.text for item in items if _LANGUAGE.fullmatch(item.text)))

    def _takes(self, node: Node | None) -> tuple[str, ...]:
        items = [] if node is None else self.words(node)
        return tuple(dict.fromkeys(item.text for item in items if self._variable("takes", item)))

    def _variable(self, key: str, name: Scalar) -> bool:
        if not VARIABLE.fullmatch(name.text):
            why = "is no name: use small letters, digits and _, a letter first"
        elif name.text in (LINK, CODE, LANGUAGE):
            why = "is given with every message: leave it out"
        else:
            return True
        self.note(name.place, f"{key}: {name.text!r} {why}")
        return False

    def _defaults(self, node: Node | None) -> dict[str, dict[str, str]]:
        if node is None:
            return {}
        if not isinstance(node, Table):
            self.note(node.place, "defaults: a table, such as {first_name: customer}")
            return {}
        found: dict[str, dict[str, str]] = {}
        for name, (key, value) in node.entries.items():
            if not self._variable("defaults", key):
                continue
            by_language = self._by_language("the default", value, spread=True)
            texts = {
                language: item.text for language, item in by_language.items() if isinstance(item, Scalar)
            }
            if any(not text.strip() for text in texts.values()) or len(texts) < len(by_language):
                self.note(key.place, f"the default of {name} is empty: write the words that stand in for it")
            elif len(texts) == len(self._languages):
                found[name] = texts
        return found

    # --- texts --------------------------------------------------------------------------------------------

    def _texts(self, key: str, node: Node | None) -> dict[str, tuple[Piece, ...]]:
        if node is None:
            return {}
        single = len(self._languages) == 1 and not isinstance(node, Table)
        by_language = {self._languages[0]: node} if single else self._by_language(key, node)
        return {language: self._pieces(key, value) for language, value in by_language.items()}

    def _by_language(self, key: str, node: Node, *, spread: bool = False) -> dict[str, Node]:
        """`spread`: a text alone is that of all languages."""
        if spread and isinstance(node, Scalar):
            return dict.fromkeys(self._languages, node)
        if not isinstance(node, Table):
            wanted = ", ".join(f"{language}: …" for language in self._languages)
            self.note(node.place, f"{key} is wanted in each language: {{{wanted}}}")
            return {}
        for language, (written, _) in node.entries.items():
            if language not in self._languages:
                has = ", ".join(self._languages)
                self.note(written.place, f"{language} is not among this template's languages ({has})")
        if missing := [language for language in self._languages if language not in node]:
            self.note(node.place, f"{key} lacks {', '.join(missing)}: add it")
        return {x: value for x, (_, value) in node.entries.items() if x in self._languages}

    def _pieces(self, key: str, node: Node) -> tuple[Piece, ...]:
        items = node.items if isinstance(node, Listing) else (node,)
        pieces = [self._piece(key, item) for item in items]
        if not items:
            self.note(node.place, f"{key} is empty")
        if sum(len(piece.text.source) for piece in pieces if piece is not None) > _LONGEST[key]:
            self.note(node.place, f"{key} has more than {_LONGEST[key]:,} characters: shorten it")
        return tuple(piece for piece in pieces if piece is not None)

    def _piece(self, key: str, node: Node) -> Piece | None:
        if isinstance(node, Scalar):
            return self._plain(key, node)
        text = (
            node.value("text") if isinstance(node, Table) and set(node.entries) == {"text", "when"} else None
        )
        if not isinstance(node, Table) or not isinstance(text, Scalar):
            self.note(node.place, 'a text, or {when: a condition, text: "…"}, is wanted here')
            return None
        piece, when = self._plain(key, text), self._when(node.value("when"))
        return None if piece is None or when is None else Piece(piece.text, piece.lines, when)

    def _plain(self, key: str, node: Scalar) -> Piece | None:
        if not node.text.strip():
            self.note(node.place, f"this {key} is empty")
            return None
        if key == "subject" and len(node.text.strip().splitlines()) > 1:
            self.note(node.place, "a subject is one line")
        if key == "html" and (address := _VALUE_AS_ADDRESS.search(node.text)):
            line = self._line(node, address.start())
            message = "an address cannot begin with a value: use {link}, or write https:// and the host"
            self.note(Place(line, 1), message)
        try:
            template = parse_template(node.text)
        except ExpressionProblem as error:
            self.note(Place(self._line(node, error.column - 1), 1), str(error))
            return None
        lines = tuple(
            self._line(node, found.start())
            for found in _EXPRESSION.finditer(node.text)
            if found[1] is not None
        )
        self._check_filters(template, lines)
        return Piece(template, lines)

    def _when(self, node: Node | None) -> Condition | None:
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.note(node.place, 'when: a condition, such as parcels > 1 or city == "Warsaw"')
            return None
        try:
            return Condition(parse_expression(node.text), node.place.line)
        except ExpressionProblem as error:
            self.note(node.place, f"when: {error}")
            return None

    def _link(self, node: Node | None) -> Piece | None:
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.note(node.place, "link: one address, such as https://shop.example/orders/{order}")
            return None
        if (piece := self._plain("link", node)) is None:
            return None
        first, values = piece.text.parts[0], len(piece.text.parts) > 1
        # A value in the host, or right behind it, would make another host of it.
        wanted = _HOST_AND_MORE if values else _HOST
        if not isinstance(first, str) or not wanted.match(first):
            self.note(node.place, "link: begin with https://, the host, and a / before the first value")
        return piece

    # --- the whole ----------------------------------------------------------------------------------------

    def _check_whole(self, root: Table, template: MessageTemplate) -> None:
        for language, variant in template.variants.items():
            said = {name for piece in variant.text for name, _ in piece.names()}
            read = said | {name for piece in variant.html for name, _ in piece.names()}
            if template.link is not None and LINK not in said:
                self.note(
                    root.entries["link"][0].place, f"the text ({language}) does not say {{link}}: add it"
                )
            if "link" not in root and LINK in read and (node := root.value("text")) is not None:
                self.note(node.place, f"the text ({language}) says {{link}}: add link: and where it leads")

    def _check_filters(self, template: Template, lines: tuple[int, ...]) -> None:
        mute = [language for language in self._languages if language not in LETTERS]
        expressions = [part for part in template.parts if not isinstance(part, str)]
        for expression, line in zip(expressions, lines, strict=True):
            spoken = set(_FILTER.findall(expression.source)) & (FILTERS.keys() - _SILENT_FILTERS)
            if mute and spoken:
                known = ", ".join(LETTERS)
                message = f"{spoken.pop()} knows {known}, not {', '.join(mute)}: leave it out"
                self.note(Place(line, 1), message)

    def _line(self, node: Scalar, offset: int) -> int:
        """The line of the file in which the letter `offset` of a text stands."""
        line = node.place.line
        if self._lines[line - 1][node.place.column - 1 : node.place.column] == "|":
            return line + 1 + node.text.count("\n", 0, offset)
        # Other texts may be folded: the first line from there on in which its words stand.
        words = node.text[offset : offset + LONGEST_SUBJECT].split()[:1]
        for at in range(line, len(self._lines) + 1):
            if words and words[0] in self._lines[at - 1]:
                return at
        return line

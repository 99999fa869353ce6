"""Small safe expressions: the `when` of a branch and the `{…}` in a text.

    order|first == "1" and not urgent          {order|digits}          {reply.status|upper}

Names and their attributes (mappings only), texts, numbers, comparisons, and/or/not, brackets, filters with
plain arguments. Nothing else: no calls, no Python attributes, no loops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wording.filters import FILTERS, Filter

# A text of a flow is short; deeper brackets or longer expressions are a mistake or an attack.
DEEPEST = 20
LONGEST = 2000

NO_TEXT = (dict, list, tuple)
"""What a service may answer and nobody can say."""

Scope = Mapping[str, object]
Evaluate = Callable[[Scope, str], object]


class ExpressionProblem(ValueError):
    """What is wrong, and at which column of the text (from 1)."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"{message} (at character {column})")
        self.column = column


class Unset(LookupError):
    """A text wants to say something that is not set, or is a list or a table; the argument names it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `names` are the variables it reads."""

    source: str
    names: frozenset[str]
    evaluate: Evaluate

    def value(self, scope: Scope, language: str) -> object:
        """Its value; None for what is not set."""
        return self.evaluate(scope, language)

    def written(self, scope: Scope, language: str) -> str:
        """Its value as it is put into a text. Raises Unset."""
        value = self.evaluate(scope, language)
        if value is None or isinstance(value, NO_TEXT):
            raise Unset(self.source)
        return as_text(value)

    def holds(self, scope: Scope, language: str) -> bool:
        return truth(self.evaluate(scope, language))


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>==|!=|<=|>=|[<>().,|])
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_WORDS = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse_expression(source: str, column: int = 1) -> Expression:
    """Raises ExpressionProblem. `column` is where `source` begins in the text around it."""
    if len(source) > LONGEST:
        raise ExpressionProblem(f"an expression of more than {LONGEST} characters", column)
    parser = _Parser(_tokens(source, column))
    evaluate = parser.whole()
    return Expression(source.strip(), frozenset(parser.names), evaluate)


def truth(value: object) -> bool:
    """Nothing, an empty text or list, 0 and the word "false" are false; all else is true."""
    return bool(value) and value not in ("false", "0")


def compared(left: object, sign: str, right: object) -> bool:
    """Compare as numbers when one side is a number or the sign is an order, else as texts.

    An unset side equals only an unset or empty one, and is never before or after anything. A number is
    neither before nor after what is none.
    """
    if left is None or right is None:
        same = (left is None or left == "") and (right is None or right == "")
        return {"==": same, "!=": not same}.get(sign, False)
    first, second = _number(left), _number(right)
    ordered = sign not in ("==", "!=")
    typed = not (isinstance(left, str) and isinstance(right, str))
    if first is not None and second is not None and (ordered or typed):
        return _ORDER[sign]((first > second) - (first < second))
    if ordered and (first is None) != (second is None):
        return False
    one, other = as_text(left), as_text(right)
    return _ORDER[sign]((one > other) - (one < other))


_ORDER: dict[str, Callable[[int], bool]] = {
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def as_text(value: object) -> str:
    """A value as it is written into a text, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return (
        text if text.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in text).split())
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    text = as_text(value)
    return float(text) if re.fullmatch(r"-?\d{1,300}(\.\d{1,300})?", text, re.ASCII) else None


def _tokens(source: str, column: int) -> list[_Token]:
    tokens, at = [], 0
    while source[at:].strip():
        match = _TOKEN.match(source, at)
        if match is None:
            at += len(source[at:]) - len(source[at:].lstrip())
            sign = source[at]
            hint = (
                "; close the quotation mark" if sign in "\"'" else "; compare with ==" if sign == "=" else ""
            )
            raise ExpressionProblem(f"{sign!r} has no meaning here{hint}", column + at)
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match.group(kind), column + match.start(kind)))
        at = match.end()
    return [*tokens, _Token("end", "", column + len(source.rstrip()))]


class _Parser:
    """Recursive descent; each method returns how to evaluate what it has read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self.names: set[str] = set()

    def whole(self) -> Evaluate:
        if self._peek().kind == "end":
            raise ExpressionProblem("an expression is missing", self._peek().column)
        evaluate = self._either()
        if self._peek().kind != "end":
            raise ExpressionProblem(f"{self._peek().text!r} was not expected here", self._peek().column)
        return evaluate

    def _either(self) -> Evaluate:
        left = self._both()
        while self._took("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negated()
        while self._took("and"):
            left = _and(left, self._negated())
        return left

    def _negated(self) -> Evaluate:
        self._deeper()
        try:
            return _not(self._negated()) if self._took("not") else self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Evaluate:
        left = self._filtered()
        if self._peek().text in _COMPARISONS and self._peek().kind == "sign":
            sign = self._next().text
            return _compare(left, sign, self._filtered())
        return left

    def _filtered(self) -> Evaluate:
        value = self._single()
        while self._took("|"):
            token = self._next()
            known = FILTERS.get(token.text)
            if known is None:
                raise ExpressionProblem(
                    f"no filter is named {token.text!r}; there are {', '.join(sorted(FILTERS))}", token.column
                )
            arguments = self._arguments()
            if len(arguments) not in known.counts:
                raise ExpressionProblem(f"{token.text} takes {known.takes}", token.column)
            try:
                change = known.prepared(arguments)
            except ValueError as error:
                raise ExpressionProblem(f"{token.text}: {error}", token.column) from None
            value = _apply_to_fact(value, known) if known.fact and not arguments else _apply(value, change)
        return value

    def _arguments(self) -> tuple[str, ...]:
        if not self._took("("):
            return ()
        arguments: list[str] = []
        while not self._took(")"):
            token = self._next()
            if token.kind not in ("name", "number", "text"):
                raise ExpressionProblem("a word, a number or a quoted text is wanted here", token.column)
            arguments.append(token.text[1:-1] if token.kind == "text" else token.text)
            if not self._took(",") and self._peek().text != ")":
                raise ExpressionProblem("close the bracket", self._peek().column)
        return tuple(arguments)

    def _single(self) -> Evaluate:
        token = self._next()
        if token.kind == "text":
            return _constant(token.text[1:-1])
        if token.kind == "number":
            return _constant(float(token.text) if "." in token.text else int(token.text[:300]))
        if token.kind == "name" and token.text in ("true", "false"):
            return _constant(token.text)
        if token.kind == "name" and token.text not in _WORDS:
            return self._name(token)
        if token.text == "(" and token.kind == "sign":
            inner = self._either()
            if not self._took(")"):
                raise ExpressionProblem("close the bracket", self._peek().column)
            return inner
        wanted = (
            "the expression ends too early"
            if token.kind == "end"
            else f"{token.text!r} was not expected here"
        )
        raise ExpressionProblem(wanted, token.column)

    def _name(self, token: _Token) -> Evaluate:
        self.names.add(_public(token))
        path = [token.text]
        while self._took("."):
            attribute = self._next()
            if attribute.kind != "name":
                raise ExpressionProblem("a name is wanted after the dot", attribute.column)
            path.append(_public(attribute))
        return _lookup(tuple(path))

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionProblem(f"more than {DEEPEST} levels of brackets", self._peek().column)

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _took(self, text: str) -> bool:
        token = self._peek()
        if token.text == text and token.kind in ("sign", "name"):
            self._next()
            return True
        return False


def _public(token: _Token) -> str:
    if token.text.startswith("_"):
        raise ExpressionProblem(f"a name begins with a letter, not as {token.text!r}", token.column)
    return token.text


def _constant(value: object) -> Evaluate:
    return lambda scope, language: value


def _lookup(path: tuple[str, ...]) -> Evaluate:
    def lookup(scope: Scope, language: str) -> object:
        value: object = scope
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    return lookup


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope, language: truth(left(scope, language)) or truth(right(scope, language))


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope, language: truth(left(scope, language)) and truth(right(scope, language))


def _not(inner: Evaluate) -> Evaluate:
    return lambda scope, language: not truth(inner(scope, language))


def _compare(left: Evaluate, sign: str, right: Evaluate) -> Evaluate:
    return lambda scope, language: compared(left(scope, language), sign, right(scope, language))


def _apply_to_fact(value: Evaluate, known: Filter) -> Evaluate:
    def apply(scope: Scope, language: str) -> object:
        fact = scope.get(known.fact)
        change = known.prepared(() if fact is None else (as_text(fact),))
        return _apply(value, change)(scope, language)

    return apply


def _apply(value: Evaluate, change: Callable[[str, str], str]) -> Evaluate:
    def apply(scope: Scope, language: str) -> object:
        found = value(scope, language)
        return None if found is None or isinstance(found, NO_TEXT) else change(as_text(found), language)

    return apply

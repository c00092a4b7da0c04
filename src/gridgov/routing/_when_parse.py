"""The text of a condition, read: words first, then a tree.

A recursive descent over the grammar of CEL (Common Expression Language, cel-spec, ``doc/langdef.md``),
as far as a rule row needs it. A chain of ``&&`` or of ``||`` becomes one node with many parts, so that a
long list of alternatives is no deep tree. The length of the text and the height of the tree are bounded:
a hostile text cannot exhaust the stack, neither here nor in what walks the tree.
"""

from __future__ import annotations

import re
import unicodedata

import attrs

__all__ = ["INT_MAX", "INT_MIN", "LEVELS", "RELATIONS", "Node", "WhenError", "read"]

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
LENGTH_MAX, DEPTH_MAX = 1000, 50
RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
LEVELS = {"||": 1, "&&": 2, **dict.fromkeys(RELATIONS, 3), "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
"""How strongly an operator binds; those of one level are read from left to right."""


class WhenError(ValueError):
    """A condition cannot be read: what is wrong, where, and what would be right.

    :param column: of the text, counted from 1.
    """

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column


@attrs.frozen
class Node:
    """One operation of a condition.

    :param op: ``literal`` and ``fact`` and ``has`` with a *value* (for the last two the name of the
        fact); ``list``, ``size``, ``startsWith``, ``!``, ``negate`` and the operators with *parts*.
    :param at: its column.
    """

    op: str
    at: int
    height: int
    parts: tuple[Node, ...] = ()
    value: int | str | bool = ""


_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f\r]+)
    | (?P<int>[0-9][\w.]*)
    | (?P<text>"(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
    | (?P<slip><> | =[<>] | =(?!=) | &(?!&) | \|(?!\|) | //)
    | (?P<op>&& | \|\| | [=!<>]= | [-+*/%!<>()\[\],.] | in\b)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<end>\Z)""",
    re.VERBOSE | re.ASCII,
)
_INT = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))")
_PLAIN_ESCAPES = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))
_SLIPS = {"<>": "!=", "=<": "<=", "=>": ">=", "=": "==", "&": "&&", "|": "||", "//": "/"}
_WORDS = {"and": "&&", "or": "||", "is": "==", "not": "!(x in y)"}
_QUOTES = dict.fromkeys("“”„‘’「」『』", '"')
_RESERVED = re.compile(
    "as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while"
)


@attrs.frozen
class _Token:
    kind: str
    text: str
    at: int


def read(text: str) -> Node:
    """Read a condition.

    :raises WhenError: for the first thing that is wrong.
    """
    if len(text) > LENGTH_MAX:
        raise WhenError(LENGTH_MAX + 1, f"a condition ends here, after {LENGTH_MAX} characters; make two rules of it")
    return _Reader(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while not tokens or tokens[-1].kind != "end":
        found = _TOKEN.match(text, place)
        if found is None:
            raise WhenError(place + 1, _stray(text[place]))
        kind = str(found.lastgroup)
        if kind == "slip":
            raise WhenError(place + 1, f"{found[0]} means nothing here; write {_SLIPS[found[0]]}")
        if kind != "space":
            tokens.append(_Token(kind, found[0], place + 1))
        place = found.end()
    return tokens


def _stray(char: str) -> str:
    if char in "\"'":
        return f"the text that begins here is not closed; write a second {char}"
    meant = _QUOTES.get(char) or unicodedata.normalize("NFKC", char)
    if meant != char and meant.isascii():
        return f"{char} is no part of a condition; write {meant} in half width"
    return f"{char!r} is no part of a condition; a text stands in quotes"


def _unquoted(token: _Token) -> str:
    def plain(found: re.Match[str]) -> str:
        digits = found[1] or found[2] or found[3]
        code = int(digits, 16) if digits else int(found[4], 8) if found[4] else -1
        char = chr(code) if 0 <= code <= 0x10FFFF else _PLAIN_ESCAPES.get(found[5], "")
        if char:
            return char
        raise WhenError(token.at + 1 + found.start(), f"{found[0]} stands for no character; for a backslash write \\\\")

    value = _ESCAPE.sub(plain, token.text[1:-1])
    if re.search("[\ud800-\udfff]", value):
        raise WhenError(token.at, "half of a surrogate pair is no character; write the character itself")
    return value


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = tokens[0]
        self._read_count = 0
        self._depth = 0

    def whole(self) -> Node:
        tree = self._expression()
        if self._next.kind != "end":
            raise self._surprise("an operator or the end")
        return tree

    def _step(self) -> _Token:
        token = self._next
        self._read_count += 1
        self._next = self._tokens[self._read_count]
        return token

    def _at_op(self, text: str) -> bool:
        return self._next.kind == "op" and self._next.text == text

    def _surprise(self, wanted: str) -> WhenError:
        token = self._next
        if token.kind == "end":
            return WhenError(token.at, f"the condition ends here, but {wanted} was expected")
        if token.kind == "name" and (meant := _WORDS.get(token.text.lower())):
            return WhenError(token.at, f"{token.text!r} is no operator; write {meant}")
        return WhenError(token.at, f"{wanted} was expected here, not {token.text}")

    def _node(self, op: str, at: int, *parts: Node, value: int | str | bool = "") -> Node:
        height = 1 + max((part.height for part in parts), default=0)
        if max(height, self._depth) > DEPTH_MAX:
            raise WhenError(at, f"the condition is nested more than {DEPTH_MAX} deep here; make two rules of it")
        return Node(op, at, height, parts, value)

    def _expression(self, level: int = 1) -> Node:
        left = self._operand()
        while self._next.kind == "op" and LEVELS.get(self._next.text, 0) >= level:
            token = self._step()
            parts = [left, self._expression(LEVELS[token.text] + 1)]
            if token.text in ("&&", "||"):
                parts = [one for part in parts for one in (part.parts if part.op == token.text else (part,))]
            left = self._node(token.text, token.at, *parts)
        return left

    def _operand(self) -> Node:
        token = self._next
        self._depth += 1
        self._node("", token.at)  # refuses what is nested too deep, before reading on
        if self._at_op("!"):
            self._step()
            tree = self._node("!", token.at, self._operand())
        elif self._at_op("-"):
            self._step()
            tree = self._int(token.at, -1) if self._next.kind == "int" else self._negated(token.at, self._operand())
        else:
            tree = self._primary()
            while self._at_op("."):
                self._step()
                tree = self._method(tree)
        self._depth -= 1
        return tree

    def _negated(self, at: int, part: Node) -> Node:
        if part.op == "literal" and type(part.value) is int and part.value >= 0:
            return self._node("literal", at, value=-part.value)
        return self._node("negate", at, part)

    def _primary(self) -> Node:
        token = self._next
        if self._at_op("("):
            return self._bracket()
        if self._at_op("["):
            return self._list()
        match token.kind:
            case "int":
                return self._int(token.at, 1)
            case "text":
                self._step()
                return self._node("literal", token.at, value=_unquoted(token))
            case "name":
                self._step()
                return self._named(token)
            case _:
                raise self._surprise("a value")

    def _int(self, at: int, sign: int) -> Node:
        digits = self._step().text
        if not _INT.fullmatch(digits):
            raise WhenError(at, f"{digits} is no whole number; write one such as 15, without fraction or unit")
        value = sign * int(digits, 16 if digits.startswith("0x") else 10)
        if not INT_MIN <= value <= INT_MAX:
            raise WhenError(at, f"{value} does not fit into 64 bits; the largest number is {INT_MAX}")
        return self._node("literal", at, value=value)

    def _close(self, bracket: str, opened: _Token) -> None:
        if self._next.kind == "end":
            raise WhenError(opened.at, f"the {opened.text} that opens here is not closed; write {bracket}")
        if not self._at_op(bracket):
            raise self._surprise(f"an operator or {bracket}")
        self._step()

    def _bracket(self) -> Node:
        if not self._at_op("("):
            raise self._surprise("(")
        opened = self._step()
        tree = self._expression()
        self._close(")", opened)
        return tree

    def _list(self) -> Node:
        opened = self._step()
        parts: list[Node] = []
        while not self._at_op("]"):
            parts.append(self._expression())
            if not self._at_op(","):
                break
            self._step()
        self._close("]", opened)
        return self._node("list", opened.at, *parts)

    def _named(self, token: _Token) -> Node:
        name, at = token.text, token.at
        if name in ("true", "false"):
            return self._node("literal", at, value=name == "true")
        if name.lower() == "not" and (self._at_op("(") or self._next.kind not in ("op", "end")):
            raise WhenError(at, f"{name!r} is no operator; write !")
        if name == "null":
            raise WhenError(at, "there is no null; whether a fact is not stated is asked by !has(fact)")
        if _RESERVED.fullmatch(name):
            raise WhenError(at, f"{name!r} is a reserved word of CEL; a fact needs another name")
        if not self._at_op("("):
            return self._node("fact", at, value=name)
        if name not in ("has", "size"):
            remedy = "write x.startsWith(y)" if name == "startsWith" else "there are has(fact) and size(x)"
            raise WhenError(at, f"there is no function {name!r}; {remedy}")
        part = self._bracket()
        if name == "size":
            return self._node("size", at, part)
        if part.op != "fact":
            raise WhenError(part.at, "has takes the name of a fact; write has(fact)")
        return self._node("has", part.at, value=part.value)

    def _method(self, receiver: Node) -> Node:
        token = self._next
        if token.text != "startsWith":
            remedy = f"write size({receiver.value or 'x'})" if token.text == "size" else "there is x.startsWith(y)"
            raise WhenError(token.at, f"there is no .{token.text} here; {remedy}")
        self._step()
        return self._node("startsWith", token.at, receiver, self._bracket())

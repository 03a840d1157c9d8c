"""From tokens to a tree, by the rank of operators.

The grammar is that of https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax without messages.
"""

from __future__ import annotations

from typing import Any, cast

from watchbill.core.expressions import syntax
from watchbill.core.expressions.errors import ExpressionError, syntax_error
from watchbill.core.expressions.lexer import RESERVED, Token, Uint, tokens
from watchbill.core.expressions.syntax import Node

MAX_DEPTH = 100
# Brackets within brackets: each costs the parser some calls.
MAX_NESTING = 50
MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map", "sortBy"})
_RANKS = (
    {"||": 0, "&&": 1}
    | dict.fromkeys(("<", "<=", ">=", ">", "==", "!=", "in"), 2)
    | dict.fromkeys(("+", "-"), 3)
    | dict.fromkeys(("*", "/", "%"), 4)
)


def read(source: str) -> Node:
    """The tree of an expression.

    Raises:
        ExpressionError: `expression_syntax` with a position, `expression_too_deep` or `expression_too_long`.
    """
    parser = _Parser(source)
    node = parser.expression()
    parser.finish()
    if syntax.depth(node) > MAX_DEPTH:
        raise _too_deep()
    return node


def _too_deep() -> ExpressionError:
    text = (
        f"The expression is nested too deep: at most {MAX_NESTING} brackets, and {MAX_DEPTH} levels in all."
    )
    return ExpressionError("expression_too_deep", text)


class _Parser:
    def __init__(self, source: str):
        self._source = source
        self._tokens = list(tokens(source))
        self._at = 0
        self._nesting = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def finish(self) -> None:
        """Nothing may be left."""
        if self._next.kind != "end":
            raise self._unexpected("an operator or the end")

    def expression(self) -> Node:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise _too_deep()
        choices: list[tuple[Node, Node]] = []
        node = self._binary(0)
        while self._take("?"):
            yes = self._binary(0)
            self._expect(":", "`:` and the value for false")
            choices.append((node, yes))
            node = self._binary(0)
        for condition, yes in reversed(choices):
            node = syntax.Choice(condition, yes, node, condition.start, node.end)
        self._nesting -= 1
        return node

    def _binary(self, least: int) -> Node:
        node = self._unary()
        while (rank := self._rank()) >= least:
            operator, rest = self._next.text, list[tuple[str, Node]]()
            while self._rank() == rank:
                rest.append((self._advance().text, self._binary(rank + 1)))
            start, end = node.start, rest[-1][1].end
            if operator == "||" or operator == "&&":
                terms = (node, *(term for _, term in rest))
                node = syntax.Logic(operator, terms, start, end)
            else:
                node = syntax.Operation(node, tuple(rest), start, end)
        return node

    def _rank(self) -> int:
        token = self._next
        return -1 if token.kind == "literal" else _RANKS.get(token.text, -1)

    def _unary(self) -> Node:
        signs: list[Token] = []
        while self._next.kind == "symbol" and self._next.text in ("!", "-"):
            signs.append(self._advance())
            if len(signs) > MAX_DEPTH:
                raise _too_deep()
        following = self._next
        if signs and signs[-1].text == "-" and type(following.value) in (int, float):
            # The smallest whole number is one further from zero than the largest.
            sign, _ = signs.pop(), self._advance()
            value = -following.value
            node = self._members(self._number(value, sign.start, following.end))
        else:
            node = self._members(self._primary())
        for sign in reversed(signs):
            node = syntax.Unary(cast("Any", sign.text), node, sign.start, node.end)
        return node

    def _members(self, node: Node) -> Node:
        while True:
            if self._take("."):
                node = self._selected(node)
            elif self._take("["):
                key = self.expression()
                closing = self._expect("]", "`]`")
                node = syntax.Index(node, key, node.start, closing.end)
            else:
                return node

    def _selected(self, node: Node) -> Node:
        name = self._next
        if name.kind != "name" and name.text not in ("true", "false", "null"):
            raise self._unexpected("the name of a field or function after the dot")
        self._advance()
        if not self._take("("):
            return syntax.Select(node, name.text, node.start, name.end)
        arguments, end = self._arguments(")")
        if name.text in MACROS:
            return self._macro(name, node, arguments, end)
        return syntax.Call(f".{name.text}", (node, *arguments), node.start, end)

    def _macro(self, name: Token, over: Node, arguments: list[Node], end: int) -> Node:
        if len(arguments) != 2 and not (len(arguments) == 3 and name.text == "map"):
            text = f"`{name.text}()` takes a name for each element, and an expression that reads it"
            raise syntax_error(self._source, name.start, text)
        variable = arguments[0]
        if not isinstance(variable, syntax.Name):
            text = f"`{name.text}()` takes a plain name for each element first, such as `x`"
            raise syntax_error(self._source, variable.start, text)
        kind: Any = "exists_one" if name.text == "existsOne" else name.text
        second = arguments[2] if len(arguments) == 3 else None
        return syntax.Macro(kind, over, variable.name, arguments[1], second, over.start, end)

    def _primary(self) -> Node:
        token = self._next
        if token.kind == "end" or (token.kind == "symbol" and token.text not in ("(", "[", "{")):
            raise self._unexpected("a value")
        if token.text in RESERVED:
            raise self._unexpected("a value")
        self._advance()
        if token.kind == "literal":
            if type(token.value) in (int, float, Uint):
                return self._number(token.value, token.start, token.end)
            return syntax.Constant(token.value, token.start, token.end)
        if token.kind == "name":
            if not self._take("("):
                return syntax.Name(token.text, token.start, token.end)
            arguments, end = self._arguments(")")
            if token.text == "has":
                return self._has(token, arguments, end)
            return syntax.Call(token.text, tuple(arguments), token.start, end)
        if token.text == "(":
            node = self.expression()
            self._expect(")", "`)`")
            return node
        if token.text == "[":
            items, end = self._arguments("]")
            return syntax.ListOf(tuple(items), token.start, end)
        return self._map(token)

    def _number(self, value: Any, start: int, end: int) -> Node:
        least, most = (0, 2**64 - 1) if isinstance(value, Uint) else (-(2**63), 2**63 - 1)
        if isinstance(value, int) and not least <= value <= most:
            text = f"`{self._source[start:end][:40]}` is too large; whole numbers have 64 bits"
            raise syntax_error(self._source, start, text)
        return syntax.Constant(value, start, end)

    def _has(self, token: Token, arguments: list[Node], end: int) -> Node:
        if len(arguments) == 1 and isinstance(found := arguments[0], syntax.Select):
            return syntax.Has(found.operand, found.field, token.start, end)
        text = "`has()` takes one field, such as `has(inputs.topic)`"
        raise syntax_error(self._source, token.start, text)

    def _map(self, opening: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        while True:
            if closing := self._take("}"):
                return syntax.MapOf(tuple(entries), opening.start, closing.end)
            key = self.expression()
            self._expect(":", "`:` and the value of the key")
            entries.append((key, self.expression()))
            if not self._take(","):
                closing = self._expect("}", "`,` or `}`")
                return syntax.MapOf(tuple(entries), opening.start, closing.end)

    def _arguments(self, closing: str) -> tuple[list[Node], int]:
        found: list[Node] = []
        while True:
            # CEL lets a comma stand before the end of a list, not of arguments.
            if (not found or closing == "]") and (token := self._take(closing)):
                return found, token.end
            found.append(self.expression())
            if not self._take(","):
                return found, self._expect(closing, f"`,` or `{closing}`").end

    def _take(self, symbol: str) -> Token | None:
        token = self._next
        return self._advance() if token.kind == "symbol" and token.text == symbol else None

    def _advance(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def _expect(self, symbol: str, wanted: str) -> Token:
        token = self._take(symbol)
        if token is None:
            raise self._unexpected(wanted)
        return token

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self._next
        if token.kind == "end":
            why = f"{wanted} is expected, but the expression ends here"
            return syntax_error(self._source, token.start, why)
        if token.text in RESERVED:
            return syntax_error(
                self._source, token.start, f"`{token.text}` is a reserved word and cannot be a name"
            )
        return syntax_error(
            self._source, token.start, f"{wanted} is expected, but there is `{token.text[:40]}`"
        )

"""From a tree to a program: a Python function for each node, which calls those of the nodes below it.

What a node costs is known beforehand but for lists and texts, so the steps of a whole expression are counted
at once, those of a macro's body once for each element, and functions count what depends on their arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from watchbill.core.expressions import syntax
from watchbill.core.expressions.analysis import named_type, resolve
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions import FUNCTIONS
from watchbill.core.expressions.functions.patterns import PATTERN_ARGUMENTS, compiled
from watchbill.core.expressions.functions.registry import Env
from watchbill.core.expressions.loops import FAULT, LOOPS, Body, Evaluate
from watchbill.core.expressions.operations import QUICK, apply, indexed, kind_of, missing
from watchbill.core.expressions.syntax import Node
from watchbill.core.expressions.values import is_whole, negated, shown, spend_list, whole, word

_LEAST, _MOST = -(2**63), 2**63 - 1


def compile_(source: str, node: Node) -> tuple[Evaluate, int, int]:
    """The program of a tree, the steps that it takes at least, and how many variables its macros need."""
    compiler = _Compiler(source)
    evaluate, cost = compiler.compile(node, ())
    return evaluate, cost, compiler.slots


def is_path(node: Node) -> bool:
    """Whether it only picks a part of what it reads."""
    while isinstance(node, syntax.Select):
        node = node.operand
    return isinstance(node, syntax.Name)


def is_raw(node: Node) -> bool:
    """Whether the whole of it is `url.raw(…)`."""
    return isinstance(node, syntax.Call) and resolve(node, ())[0] == "url.raw"


class _Compiler:
    def __init__(self, source: str):
        self._source = source
        self.slots = 0

    def compile(self, node: Node, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        match node:
            case syntax.Constant(value=value):
                return (lambda _env: value), 1
            case syntax.Name():
                return self._name(node, bound), 1
            case syntax.Select():
                return self._select(node, bound)
            case syntax.Index(operand=operand, key=key):
                (value, cost), (at, more) = self.compile(operand, bound), self.compile(key, bound)
                return self._guarded(node, lambda env: indexed(value(env), at(env))), cost + more + 1
            case syntax.Has():
                return self._has(node, bound)
            case syntax.Call():
                return self._call(node, bound)
            case syntax.Macro():
                return self._macro(node, bound)
            case syntax.ListOf(items=items):
                return self._list(items, bound)
            case syntax.MapOf():
                return self._map(node, bound)
            case syntax.Unary():
                return self._unary(node, bound)
            case syntax.Operation():
                return self._operation(node, bound)
            case syntax.Logic():
                return self._logic(node, bound)
            case syntax.Choice():
                return self._choice(node, bound)

    def _text(self, node: Node) -> str:
        text = self._source[node.start : node.end]
        return text if len(text) <= 60 else text[:59] + "…"

    def _guarded(self, node: Node, evaluate: Evaluate) -> Evaluate:
        start, end = node.start, node.end

        def guarded(env: Env) -> Any:
            try:
                return evaluate(env)
            except Fault as fault:
                raise fault.at(start, end) from fault.__cause__

        return guarded

    def _all(self, nodes: tuple[Node, ...], bound: tuple[str, ...]) -> tuple[list[Evaluate], int]:
        parts = [self.compile(node, bound) for node in nodes]
        return [evaluate for evaluate, _ in parts], sum(cost for _, cost in parts)

    def _name(self, node: syntax.Name, bound: tuple[str, ...]) -> Evaluate:
        name = node.name
        if name in bound:
            slot = len(bound) - 1 - bound[::-1].index(name)
            return lambda env: env.slots[slot]
        if (type_ := named_type(node)) is not None:
            return lambda _env: type_
        start, end = node.start, node.end

        def variable(env: Env) -> Any:
            try:
                return env.scope[name]
            except KeyError:
                raise Fault(f"`{name}` is not known here", start, end) from None

        return variable

    def _select(self, node: syntax.Select, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        if (type_ := named_type(node)) is not None:
            return (lambda _env: type_), 1
        chain: list[syntax.Select] = []
        base: Node = node
        while isinstance(base, syntax.Select):
            chain.append(base)
            base = base.operand
        chain.reverse()
        evaluate, cost = self.compile(base, bound)
        names = tuple(link.field for link in chain)
        texts = [self._text(link.operand) for link in chain]

        def select(env: Env) -> Any:
            value = evaluate(env)
            done = 0
            try:
                for name in names:
                    value = value[name]
                    done += 1
                return value
            except (KeyError, TypeError, IndexError):
                link = chain[done]
                raise missing(value, texts[done], names[done]).at(link.start, link.end) from None

        return select, cost + len(names)

    def _has(self, node: syntax.Has, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        evaluate, cost = self.compile(node.operand, bound)
        name, text = node.field, self._text(node.operand)

        def has(env: Env) -> bool:
            value = evaluate(env)
            if type(value) is dict or isinstance(value, Mapping):
                return name in value
            raise Fault(f"{kind_of(text, value)}, so it has no fields")

        return self._guarded(node, has), cost + 1

    def _call(self, node: syntax.Call, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        name, nodes = resolve(node, bound)
        function = FUNCTIONS[name]
        arguments, cost = self._all(nodes, bound)
        texts = [self._text(argument) for argument in nodes]
        index = PATTERN_ARGUMENTS.get(name)
        pattern = None if index is None else nodes[index]
        if index is not None and isinstance(pattern, syntax.Constant) and isinstance(pattern.value, str):
            # One that is written down is read once, and costs nothing where it is used.
            ready = compiled(pattern.value)
            arguments[index] = lambda _env: ready

        def call(env: Env) -> Any:
            values = [argument(env) for argument in arguments]
            try:
                return function.call(env, values)
            except Fault as fault:
                null = next((texts[i] for i, value in enumerate(values) if value is None), None)
                if null is not None and null != "null" and fault.start is None:
                    fault.why += f"; `{null}` is null"
                raise

        return self._guarded(node, call), cost + function.cost

    def _list(self, items: tuple[Node, ...], bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        elements, cost = self._all(items, bound)

        def list_of(env: Env) -> list[Any]:
            spend_list(env.budget, len(elements))
            return [evaluate(env) for evaluate in elements]

        return list_of, cost + 1

    def _map(self, node: syntax.MapOf, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        keys, cost = self._all(tuple(key for key, _ in node.entries), bound)
        values, more = self._all(tuple(value for _, value in node.entries), bound)

        def map_of(env: Env) -> dict[Any, Any]:
            spend_list(env.budget, 2 * len(keys))
            result: dict[Any, Any] = {}
            for key, value in zip(keys, values, strict=True):
                name = key(env)
                if type(name) is not str and not is_whole(name):
                    raise Fault(f"a map's keys are texts or whole numbers, not {word(name)}")
                if type(name) is int:
                    name = whole(name)
                if name in result:
                    raise Fault(f"the key `{shown(name)}` appears twice in the map")
                result[name] = value(env)
            return result

        return self._guarded(node, map_of), cost + more + 1

    def _unary(self, node: syntax.Unary, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        evaluate, cost = self.compile(node.operand, bound)
        if node.operator == "-":
            return self._guarded(node, lambda env: negated(evaluate(env))), cost + 1
        text = self._text(node.operand)

        def inverted(env: Env) -> bool:
            value = evaluate(env)
            if type(value) is not bool:
                raise Fault(f"{kind_of(text, value)}, not true or false")
            return not value

        return self._guarded(node, inverted), cost + 1

    def _operation(self, node: syntax.Operation, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        first, cost = self.compile(node.first, bound)
        rest, more = self._all(tuple(operand for _, operand in node.rest), bound)
        operators = [operator for operator, _ in node.rest]
        total = cost + more + len(rest)
        texts = [self._text(node.first), *(self._text(operand) for _, operand in node.rest)]
        if len(rest) == 1:
            return self._pair(node, operators[0], first, rest[0], texts), total
        places = [operand.end for _, operand in node.rest]
        start = node.start

        def chain(env: Env) -> Any:
            value = first(env)
            for operator, evaluate, end in zip(operators, rest, places, strict=True):
                other = evaluate(env)
                try:
                    value = apply(operator, value, other, env.budget)
                except Fault as fault:
                    raise fault.at(start, end) from None
            return value

        return chain, total

    def _pair(
        self, node: Node, operator: str, first: Evaluate, second: Evaluate, texts: list[str]
    ) -> Evaluate:
        start, end = node.start, node.end
        quick = QUICK.get(operator)

        def pair(env: Env) -> Any:
            left, right = first(env), second(env)
            if quick is not None and type(left) is int and type(right) is int:
                value = quick(left, right)
                if value is True or value is False or _LEAST <= value <= _MOST:
                    return value
            try:
                return apply(operator, left, right, env.budget)
            except Fault as fault:
                null = texts[0] if left is None else texts[1] if right is None else "null"
                if null != "null":
                    fault.why += f"; `{null}` is null"
                raise fault.at(start, end) from None

        return pair

    def _logic(self, node: syntax.Logic, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        terms, cost = self._all(node.terms, bound)
        # `&&` is decided by a false term, `||` by a true one, whatever the others are.
        decides = node.operator == "||"
        judged = [
            (evaluate, self._text(term), term) for evaluate, term in zip(terms, node.terms, strict=True)
        ]

        def logic(env: Env) -> bool:
            wrong: Fault | None = None
            for evaluate, text, term in judged:
                try:
                    value = evaluate(env)
                except Fault as fault:
                    env.budget.spend(FAULT)
                    wrong = wrong or fault
                    continue
                if value is decides:
                    return value
                if type(value) is not bool:
                    wrong = wrong or Fault(f"{kind_of(text, value)}, not true or false", term.start, term.end)
            if wrong is not None:
                raise wrong
            return not decides

        return logic, cost + len(terms)

    def _choice(self, node: syntax.Choice, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        (condition, yes, no), cost = self._all((node.condition, node.yes, node.no), bound)
        text, start, end = self._text(node.condition), node.condition.start, node.condition.end

        def choice(env: Env) -> Any:
            value = condition(env)
            if value is True:
                return yes(env)
            if value is False:
                return no(env)
            raise Fault(f"{kind_of(text, value)}, not true or false", start, end)

        return choice, cost + 1

    def _macro(self, node: syntax.Macro, bound: tuple[str, ...]) -> tuple[Evaluate, int]:
        over, cost = self.compile(node.over, bound)
        inner = (*bound, node.variable)
        self.slots = max(self.slots, len(inner))
        first, each = self.compile(node.first, inner)
        second, more = self.compile(node.second, inner) if node.second else (None, 0)
        text, slot, each = self._text(node.over), len(bound), each + more + 1

        def elements(env: Env) -> Any:
            value = over(env)
            if type(value) is list or isinstance(value, list | tuple):
                return cast("list[Any]", value)
            if isinstance(value, Mapping):
                spend_list(env.budget, len(cast("Mapping[Any, Any]", value)))
                return list(cast("Mapping[Any, Any]", value))
            raise Fault(f"{kind_of(text, value)}, not a list or map", node.over.start, node.over.end)

        loop = LOOPS[node.name](Body(slot, each, first, second, self._text(node.first)))
        return self._guarded(node, lambda env: loop(env, elements(env))), cost + 1

"""Forward differentiation of Brian2 statements.

Brian2 turns every part of a model, integration schemes included, into lists of assignments.
`differentiate` walks through them and writes, as Python that numba compiles, the same values
together with their derivatives by every quantity that can be perturbed.

    v = _v            value v, derivatives (dv/dx_0, dv/dx_1, ..., dv/dt)

Nothing is simplified: the compiler removes what occurs twice.  Random draws have no value here:
an expression with one is marked, and where a derivative would contain one it is marked too, so
that the caller can take recorded values or refuse.
"""

import ast
from collections.abc import Callable
from typing import Any

from heavytail_snn.analysis.lyapunov.hybrid.functions import SMOOTH, STEPS
from heavytail_snn.analysis.lyapunov.hybrid.values import (
    Atom,
    Call,
    Condition,
    Inline,
    Value,
)
from heavytail_snn.core.errors import ParameterError

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//",
           ast.Mod: "%", ast.Pow: "**"}  # fmt: skip
_COMPARE = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}


Lookup = Callable[[str, Any], "Value | Inline | Call"]


class Statements:
    """Generated code of a list of statements.

    Parameters
    ----------
    lookup : callable
        ``lookup(name, scope)`` tells what a name means; assigned names come first.
    alias : callable
        ``alias(name)`` gives the key of the variable behind an assigned name.  As in the code
        that Brian2 writes, a second name of it keeps the value from before the statements.
    guard : callable
        ``guard(key)`` gives, for a variable that is only written while another one holds, the key
        and value of that one and the present value; else None.

    Attributes
    ----------
    lines : list of str
    jumps : set of keys
        Perturbed quantities inside a comparison or a step function.
    """

    def __init__(
        self,
        lookup: Lookup,
        alias: Callable[[str], Any] = lambda name: name,
        guard: Callable[[Any], tuple[Any, Value, Value] | None] = lambda key: None,
    ) -> None:
        self._lookup, self._alias, self._guard = lookup, alias, guard
        self.lines: list[str] = []
        self.assigned: dict[Any, Value] = {}
        self._local: dict[str, Value] = {}
        self.jumps: set[Any] = set()
        self.switches: list[tuple[Value, Value, ast.cmpop, str]] = []

    # ------------------------------------------------------------ statements

    def run(self, code: str) -> None:
        """Append statements; each sees the earlier ones."""
        for name, expression in assignments(code):
            key, value = self._alias(name), self.expression(expression)
            if key in self.assigned and name not in self._local:
                raise ParameterError(
                    "statement", f"{name} = {expression}", "must not assign a variable that is "
                    "assigned under another name too", "write one of the two names everywhere",
                )  # fmt: skip
            guard = self._guard(key)
            if guard is not None:
                allowed, test, before = guard
                value = self._select(
                    self.assigned.get(allowed, test), value, self._local.get(name, before)
                )
            self.assigned[key] = self._local[name] = value

    def _select(self, test: Value, new: Value, old: Value) -> Value:
        """Return `new` where `test` holds, else `old`."""
        if new.code == old.code:
            return new
        choose = f"({{}} if {test.code} != 0.0 else {{}})"
        keys = [*new.slopes, *(k for k in old.slopes if k not in new.slopes)]
        return Value(
            self._emit(choose.format(new.code, old.code)),
            {
                k: self._emit(choose.format(new.slopes.get(k, "0.0"), old.slopes.get(k, "0.0")))
                for k in keys
            },
            new.random or old.random,
            new.random_slopes | old.random_slopes,
            _reads([test, new, old]),
        )

    def expression(self, code: str, scope: Any = None) -> Value:
        """Return the value of an expression."""
        return self._visit(ast.parse(code.strip(), mode="eval").body, scope)

    def comparisons(self, code: str, scope: Any = None) -> "Condition":
        """Return a condition as a formula over comparisons ``h > 0``."""
        node = ast.parse(code.strip(), mode="eval").body
        found: list[Atom] = []
        return Condition(self._formula(node, scope, found), found)

    # ------------------------------------------------------------ expressions

    def _emit(self, code: str) -> str:
        if code.isidentifier() or _literal(code) is not None:
            return code
        name = f"_{len(self.lines)}"
        self.lines.append(f"{name} = {code}")
        return name

    def _draw(self) -> Value:
        """Return a random number: a name, so that what it multiplies is seen."""
        name = f"_{len(self.lines)}"
        self.lines.append(f"{name} = 0.0")
        return Value(name, random=True)

    def _visit(self, node: ast.AST, scope: Any) -> Value:
        match node:
            case ast.Constant(value=bool() as value):
                return Value("1.0" if value else "0.0")
            case ast.Constant(value=int() | float() as value):
                return Value(repr(float(value)))
            case ast.Name(id=name):
                return self._name(name, scope)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._visit(operand, scope)
                return self._chain(f"-{inner.code}", (inner,), ("-1.0",), ((),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._visit(operand, scope)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._step("(0.0 if {0} else 1.0)", [self._visit(operand, scope)])
            case ast.BoolOp(op=op, values=values):
                word = " and " if isinstance(op, ast.And) else " or "
                parts = [self._visit(v, scope) for v in values]
                test = word.join(f"({{{n}}} != 0.0)" for n in range(len(parts)))
                return self._step(f"(1.0 if {test} else 0.0)", parts)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self._compare(left, ops, rights, scope)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(op, self._visit(left, scope), self._visit(right, scope))
            case ast.Call(func=ast.Name(id=name), args=args):
                found = [self._visit(a, scope) for a in args]
                return self._call(name, found, scope, ast.unparse(node))
        raise ParameterError(
            "expression", ast.unparse(node), "must be arithmetic, comparisons and function calls"
        )

    def _name(self, name: str, scope: Any) -> Value:
        if scope is None:
            if name in self._local:
                return self._local[name]
        found = self._lookup(name, scope)
        if isinstance(found, Inline):
            return self._visit(ast.parse(found.code.strip(), mode="eval").body, found.scope)
        if isinstance(found, Call):
            raise ParameterError("expression", name, "is a function and must be called")
        return self._draw() if found.random else found

    def resolve(self, key: Any, otherwise: Value) -> Value:
        """Return the present value of a variable: the assigned one, or the given one."""
        return self.assigned.get(key, otherwise)

    def _compare(self, left: ast.expr, ops: Any, rights: Any, scope: Any) -> Value:
        parts = [self._visit(n, scope) for n in (left, *rights)]
        test = " and ".join(
            f"({{{n}}} {_COMPARE[type(op)]} {{{n + 1}}})" for n, op in enumerate(ops)
        )
        if len(parts) > 2 or not isinstance(ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE):
            return self._step(f"(1.0 if {test} else 0.0)", parts)
        text = ast.unparse(ast.Compare(left, ops, rights))
        return self._switch(f"(1.0 if {test} else 0.0)", parts[0], parts[1], ops[0], text)

    def _switch(self, code: str, a: Value, b: Value, op: ast.cmpop, text: str) -> Value:
        """Return a step that happens where a and b are equal; remember the place."""
        before = set(self.jumps)
        found = self._step(code, [a, b])
        if self.jumps != before:
            self.jumps = before
            self.switches.append((a, b, op, text))
        return found

    def switch_atoms(self) -> list["Atom"]:
        """Return the comparisons of the state met so far as gaps."""
        return [self._atom(a, b, op, text) for a, b, op, text in self.switches]

    def _atom(self, a: Value, b: Value, op: ast.cmpop, text: str) -> "Atom":
        if isinstance(op, ast.Lt | ast.LtE):
            a, b = b, a
        sign = ">" if isinstance(op, ast.Gt | ast.Lt) else ">="
        return Atom(self._binary(ast.Sub(), a, b), text, sign)

    def _step(self, code: str, parts: list[Value]) -> Value:
        for part in parts:
            self.jumps |= set(part.slopes)
        name = self._emit(code.format(*(p.code for p in parts)))
        return Value(name, random=any(p.random for p in parts), reads=_reads(parts))

    def _call(self, name: str, args: list[Value], scope: Any, text: str) -> Value:
        found = self._lookup(name, scope)
        if not isinstance(found, Call):
            raise ParameterError("expression", f"{name}(...)", "must be a function")
        if found.random:
            return self._draw()
        codes = [a.code for a in args]
        if name == "sign" and found.value == STEPS["sign"]:
            return self._switch(found.value, args[0], Value("0.0"), ast.Gt(), text)
        if not found.slopes:
            return self._step(found.value.format(*codes), args)
        value = self._emit(found.value.format(*codes))
        slopes = [s.format(*codes, v=value) for s in found.slopes]
        return self._chain(value, tuple(args), tuple(slopes), named=True)  # depends on all

    def _binary(self, op: ast.AST, a: Value, b: Value) -> Value:
        x, y = a.code, b.code
        match op:
            case ast.Add():
                return self._chain(f"{x} + {y}", (a, b), ("1.0", "1.0"), ((), ()))
            case ast.Sub():
                return self._chain(f"{x} - {y}", (a, b), ("1.0", "-1.0"), ((), ()))
            case ast.Mult():
                if "0.0" in (x, y) and not (a.random or b.random):
                    return Value("0.0", reads=_reads([a, b]))
                return self._chain(f"{x} * {y}", (a, b), (y, x), ((1,), (0,)))
            case ast.Div():
                slopes = (f"1.0 / {y}", f"-{x} / ({y} * {y})")
                return self._chain(f"{x} / {y}", (a, b), slopes, ((1,), (0, 1)))
            case ast.Pow():
                return self._power(a, b)
            case ast.FloorDiv() | ast.Mod():
                if not a.slopes and not b.slopes:
                    return self._step(f"({{0}} {_BINARY[type(op)]} {{1}})", [a, b])
                if isinstance(op, ast.FloorDiv):
                    return self._step("({0} // {1})", [a, b])
                self.jumps |= set(a.slopes) | set(b.slopes)
                return self._chain(f"{x} % {y}", (a, b), ("1.0", f"-({x} // {y})"))
        raise ParameterError("operator", ast.unparse(op), "must be one of + - * / // % **")

    def _power(self, base: Value, exponent: Value) -> Value:
        x, n = base.code, exponent.code
        whole = _literal(n)
        if whole is not None and whole == int(whole) and abs(whole) < 64:
            n = str(int(whole))
            slope = "0.0" if whole == 0 else f"{n} * {x} ** {int(whole) - 1}"
            return self._chain(f"{x} ** {n}", (base, exponent), (slope, "0.0"))
        value = self._emit(f"{x} ** {n}")
        return self._chain(
            value, (base, exponent), (f"{n} * {x} ** ({n} - 1.0)", f"{value} * math.log({x})"),
            named=True,
        )  # fmt: skip

    def _chain(
        self,
        code: str,
        parts: tuple[Value, ...],
        slopes: tuple[str, ...],
        depends: tuple[tuple[int, ...], ...] | None = None,
        named: bool = False,
    ) -> Value:
        """Return ``code`` with derivatives by the chain rule.

        `slopes` are those by the parts, and `depends` tells in which parts they vary.
        """
        name = code if named else self._emit(code)
        terms: dict[Any, list[str]] = {}
        uncertain: set[Any] = set()
        for number, (part, slope) in enumerate(zip(parts, slopes, strict=True)):
            factor = slope
            if part.slopes and _literal(slope) is None:
                factor = self._emit(slope)
            varies = range(len(parts)) if depends is None else depends[number]
            mixed = _literal(slope) is None and any(parts[n].random for n in varies)
            for key, inner in part.slopes.items():
                term = _product(factor, inner)
                if term is not None:
                    terms.setdefault(key, []).append(term)
                if key in part.random_slopes or mixed:
                    uncertain.add(key)
        return Value(
            name,
            {k: self._emit(" + ".join(t)) for k, t in terms.items()},
            any(p.random for p in parts),
            frozenset(uncertain),
            _reads(list(parts)),
        )

    # ------------------------------------------------------------ conditions

    def _formula(self, node: ast.AST, scope: Any, found: list["Atom"]) -> Any:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self._formula(v, scope, found) for v in values)
                return ("and" if isinstance(op, ast.And) else "or", parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ("not", (self._formula(operand, scope, found),))
            case ast.Compare(left=left, ops=ops, comparators=rights) if len(ops) == 1:
                a, b = self._visit(left, scope), self._visit(rights[0], scope)
                if isinstance(ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE):
                    found.append(self._atom(a, b, ops[0], ast.unparse(node)))
                    return len(found) - 1
                found.append(Atom(self._compare(left, ops, rights, scope), ast.unparse(node)))
                return len(found) - 1
            case ast.Compare(left=left, ops=ops, comparators=rights):
                pieces = [left, *rights]
                pairs = tuple(
                    self._formula(ast.Compare(pieces[n], [op], [pieces[n + 1]]), scope, found)
                    for n, op in enumerate(ops)
                )
                return ("and", pairs)
            case ast.Name(id=name):
                meaning = self._lookup(name, scope) if name not in self._local else 0
                if isinstance(meaning, Inline):
                    inner = ast.parse(meaning.code.strip(), mode="eval").body
                    return self._formula(inner, meaning.scope, found)
        found.append(Atom(self._visit(node, scope), ast.unparse(node)))
        return len(found) - 1


def assignments(code: str) -> list[tuple[str, str]]:
    """Return (name, expression) of each statement, with ``+=`` and its kin written out."""
    found = []
    text = "\n".join(line.strip() for line in str(code or "").splitlines())
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.append((name, ast.unparse(value)))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                found.append((name, ast.unparse(ast.BinOp(ast.Name(name), op, value))))
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise ParameterError("statement", ast.unparse(node), "must be an assignment")
    return found


def function_call(name: str) -> Call | None:
    """Return what is known of one of Brian2's own functions."""
    if name in SMOOTH:
        return Call(*SMOOTH[name])
    if name in STEPS:
        return Call(STEPS[name])
    return None


def _reads(parts: list[Value]) -> frozenset[Any]:
    return frozenset().union(*(p.reads for p in parts))


def _literal(code: str) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None


def _product(a: str, b: str) -> str | None:
    """Return the code of a product, None where it is 0."""
    if "0.0" in (a, b):
        return None
    if a == "1.0":
        return b
    if b == "1.0":
        return a
    return f"{a} * {b}"

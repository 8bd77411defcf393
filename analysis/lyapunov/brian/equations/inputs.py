"""Inputs in the equations of a Brian2 group: calls of TimedArrays become symbols."""

from collections.abc import Mapping
from typing import Any

import sympy
from brian2 import NeuronGroup, TimedArray
from brian2.core.functions import Function

from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import TIME, Input
from heavytail_snn.analysis.lyapunov.brian.equations.refusals import (
    UnreadableModelError,
    WhiteNoiseError,
)
from heavytail_snn.brian import internals

Namespace = Mapping[str, Any]


def symbol_of(name: str) -> sympy.Symbol:
    """Return the symbol of a Brian2 variable, as Brian2 makes it."""
    return sympy.Symbol(name, real=True)


class InputReader:
    """Replaces calls of TimedArrays by symbols."""

    def __init__(self, group: NeuronGroup, namespace: Namespace) -> None:
        self.group, self.namespace = group, namespace
        self.inputs: list[Input] = []

    def replace(self, expression: sympy.Expr) -> sympy.Expr:
        """Return an expression without calls; the inputs they stand for are collected."""
        calls = [
            call
            for call in expression.atoms(sympy.Function)
            if isinstance(call.func, sympy.core.function.UndefinedFunction)
        ]
        for call in sorted(calls, key=str):
            expression = expression.xreplace({call: self._symbol_of(call)})
        return expression

    def _symbol_of(self, call: sympy.Function) -> sympy.Symbol:
        name = call.func.__name__
        function = internals.resolve(self.group, [name], self.namespace)[name]
        if isinstance(function, Function) and not function.stateless:
            raise WhiteNoiseError(
                self.group.name, str(call), "must not be drawn at every step",
                "use a TimedArray or a noise variable with xi",
            )  # fmt: skip
        if not isinstance(function, TimedArray) or call.args[0] != TIME:
            raise UnreadableModelError(
                self.group.name, str(call), "must be a smooth function or a TimedArray of t",
                "write the expression with exp, log, tanh, ..., or tabulate it",
            )  # fmt: skip
        for item in self.inputs:
            if item.source == str(call):
                return item.symbol
        symbol = symbol_of(f"{name}_{len(self.inputs)}" if len(call.args) > 1 else f"{name}_t")
        column = call.args[1] if len(call.args) > 1 else None
        self.inputs.append(Input(symbol, str(call), column))
        return symbol

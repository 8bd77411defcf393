"""Read Brian2 objects into hybrid systems: the one room of the analysis that knows Brian2's groups.

`read_population` and `read_pulses` turn the strings of a NeuronGroup and of Synapses into sympy;
what lies outside the class of systems that the saltation method treats is refused by name.
"""

import ast
from collections.abc import Mapping
from typing import Any

import sympy
from brian2 import NeuronGroup, Quantity, Synapses, second
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.sympytools import str_to_sympy
from brian2.utils.stringtools import get_identifiers

from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import Input, Population, Pulse
from heavytail_snn.analysis.lyapunov.brian.equations.inputs import (
    InputReader,
    Namespace,
    symbol_of,
)
from heavytail_snn.analysis.lyapunov.brian.equations.refusals import (
    LogicalThresholdError,
    StochasticSynapseError,
    SummedVariableError,
    UnreadableModelError,
    WhiteNoiseError,
)
from heavytail_snn.brian import internals


def read_population(group: NeuronGroup, namespace: Namespace) -> Population:
    """Return the hybrid system of one neuron of `group`.

    Parameters
    ----------
    group : NeuronGroup
    namespace : mapping
        Where names outside the group are looked up, as for ``Network.run(namespace=...)``.

    Raises
    ------
    WhiteNoiseError
        If white noise reaches a variable that spikes act on or depend on.
    LogicalThresholdError
        If the threshold is more than one comparison.
    UnreadableModelError
        For custom events, linked variables, refractoriness without a held variable, random
        numbers in equations or reset, and expressions without closed-form derivatives.
    """
    _refuse_group_features(group)
    drifts, noisy = _drifts(group)
    reset = _follow(_code(group.event_codes.get("spike", "")), group, namespace)
    exogenous = _exogenous(drifts, noisy, set(reset))
    own = [name for name in drifts if name not in exogenous]
    substitutions = _subexpressions(group)
    threshold = _threshold(group.events.get("spike"), group.name).xreplace(substitutions)
    if threshold.free_symbols & {symbol_of(name) for name in exogenous}:
        raise _white_noise(group.name, str(threshold))
    reader = InputReader(group, namespace)
    drift = [reader.replace(drifts[name]) for name in own]
    inputs = (
        *reader.inputs,
        *(Input(symbol_of(x), f"recorded noise {x}", symbol_of("i")) for x in exogenous),
    )
    used = set().union(threshold.free_symbols, *(f.free_symbols for f in drift))
    _check_reset_targets(group, reset, set(own), {str(s) for s in used})
    flags = {eq.varname: eq.flags for eq in group.user_equations.values()}
    clamped = tuple("unless refractory" in flags[name] for name in own)
    refractory = _refractory_time(group, namespace)
    names = [symbol_of(name) for name in own]
    population = Population(
        name=group.name,
        variables=tuple(names),
        drift=tuple(drift),
        threshold=threshold,
        reset=tuple(reset.get(name, symbol_of(name)).xreplace(substitutions) for name in own),
        clamped=tuple(c and refractory is not None for c in clamped),
        refractory=refractory,
        inputs=inputs,
        method=str(group.method_choice),
    )
    _check_held(population)
    return population


def exogenous_names(population: Population) -> list[str]:
    """Return the names of recorded noise variables among the inputs."""
    return [str(i.symbol) for i in population.inputs if i.source.startswith("recorded noise")]


def read_pulses(
    synapses: Synapses, target: Population, namespace: Namespace
) -> list[tuple[Any, Pulse]]:
    """Return (pathway, pulse) for every on_pre pathway of `synapses`.

    Raises
    ------
    StochasticSynapseError, SummedVariableError
    UnreadableModelError
        For on_post statements, synaptic differential equations and dynamic presynaptic variables.
    """
    refuse_synaptic_equations(synapses)
    found = []
    for pathway in internals.pathways(synapses):
        if pathway.prepost != "pre" or pathway.event != "spike":
            raise UnreadableModelError(
                synapses.name, f"pathway {pathway.objname!r}", "must be on_pre",
                "plasticity by on_post is not supported: freeze the weights",
            )  # fmt: skip
        code = _code(pathway.code)
        _refuse_random(code, synapses, namespace)
        after = _follow(code, synapses, namespace)
        found.append((pathway, _pulse(pathway, synapses, target, after)))
    return found


def refuse_synaptic_equations(synapses: Synapses) -> None:
    """Refuse summed variables and variables with a dynamics of their own in the synapses."""
    for name in synapses.summed_updaters:
        raise SummedVariableError(
            synapses.name, f"{name} (summed)", "must not couple neurons between spikes",
            "rewrite the synapse with on_pre acting on a postsynaptic variable; "
            "gap junctions are not supported",
        )  # fmt: skip
    driven = synapses.event_driven.diff_eq_names if synapses.event_driven else set()
    for name in sorted(synapses.equations.diff_eq_names | driven):
        raise UnreadableModelError(
            synapses.name, f"d{name}/dt", "must not be a synaptic variable",
            "freeze plasticity, or move the variable into the postsynaptic neurons",
        )  # fmt: skip


def changed_names(code: str) -> set[str]:
    """Return the names that a block of statements assigns."""
    return {name for name, _ in _code(code)}


def _refuse_group_features(group: NeuronGroup) -> None:
    if set(group.events) - {"spike"}:
        raise UnreadableModelError(
            group.name, f"events {sorted(set(group.events) - {'spike'})}", "must only spike",
            "remove custom events",
        )  # fmt: skip
    for equation in group.user_equations.values():
        if "linked" in equation.flags:
            raise UnreadableModelError(
                group.name, f"{equation.varname} (linked)", "must be a variable of the group",
                "give frozen input as a TimedArray",
            )  # fmt: skip
    for name in ("lastspike", "not_refractory"):
        if name in group.user_equations.identifiers:
            raise UnreadableModelError(
                group.name, name, "must not occur in the equations",
                "use (unless refractory) or a trace variable",
            )  # fmt: skip


def _drifts(group: NeuronGroup) -> tuple[dict[str, sympy.Expr], set[str]]:
    """Return deterministic drifts in the user's order, and the variables with white noise."""
    found, noisy = {}, set()
    expressions = dict(group.user_equations.get_substituted_expressions(group.variables))
    for name, equation in group.user_equations.items():
        if equation.type != DIFFERENTIAL_EQUATION:
            continue
        expression, noise = expressions[name].split_stochastic()
        if noise:
            noisy.add(name)
            states = {symbol_of(x) for x in expressions}
            for factor in noise.values():
                if str_to_sympy(factor.code).free_symbols & states:
                    raise _white_noise(group.name, f"d{name}/dt = {expressions[name].code}")
        found[name] = sympy.Integer(0) if expression is None else str_to_sympy(expression.code)
    return found, noisy


def _exogenous(drifts: dict[str, sympy.Expr], noisy: set[str], touched: set[str]) -> list[str]:
    """Return the noisy variables, having checked that nothing in the network acts on them."""
    for name in noisy:
        others = drifts[name].free_symbols & {symbol_of(x) for x in drifts if x not in noisy}
        if others or name in touched:
            raise _white_noise(name, f"d{name}/dt = {drifts[name]} + ... xi")
    return [name for name in drifts if name in noisy]


def _white_noise(where: str, what: str) -> WhiteNoiseError:
    return WhiteNoiseError(
        where,
        what,
        "must not receive white noise: its threshold crossings have no speed",
        "use coloured noise, a separate variable deta/dt = -eta/tau_noise + sigma*sqrt(2/tau_noise)"
        "*xi added to the drift, or frozen input as a TimedArray; for white noise measure "
        "finite-size divergence with two copies (paired_synapses)",
    )


def _subexpressions(group: NeuronGroup) -> dict[sympy.Symbol, sympy.Expr]:
    pairs = group.user_equations.get_substituted_expressions(
        group.variables, include_subexpressions=True
    )
    kinds = {name: eq.type for name, eq in group.user_equations.items()}
    return {symbol_of(x): str_to_sympy(e.code) for x, e in pairs if kinds[x] == SUBEXPRESSION}


def _threshold(code: Any, name: str) -> sympy.Expr:
    """Return h, positive above threshold."""
    if not isinstance(code, str):
        raise LogicalThresholdError(
            name, code, "must have a threshold", "give the NeuronGroup threshold='v > v_th'"
        )
    node = ast.parse(code.strip(), mode="eval").body
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        rest = [v for v in node.values if ast.unparse(v) != "not_refractory"]
        node = rest[0] if len(rest) == 1 else node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = (str_to_sympy(ast.unparse(e)) for e in (node.left, node.comparators[0]))
        if isinstance(node.ops[0], ast.Gt | ast.GtE):
            return left - right
        if isinstance(node.ops[0], ast.Lt | ast.LtE):
            return right - left
    raise LogicalThresholdError(
        name, code, "must be one comparison, such as 'v > v_th'",
        "express further conditions by refractoriness or by a variable in the comparison",
    )  # fmt: skip


def _code(code: Any) -> list[tuple[str, str]]:
    """Return (name, expression) of each statement, with += and its kin written out."""
    statements = []
    for node in ast.parse("\n".join(line.strip() for line in str(code or "").splitlines())).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            statements.append((node.targets[0].id, ast.unparse(node.value)))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            value = ast.BinOp(ast.Name(node.target.id), node.op, node.value)
            statements.append((node.target.id, ast.unparse(value)))
        elif not isinstance(node, ast.Pass):
            raise UnreadableModelError(
                "statement", ast.unparse(node), "must be an assignment", "simplify the statement"
            )
    return statements


def _follow(
    statements: list[tuple[str, str]], group: Any, namespace: Namespace
) -> dict[str, sympy.Expr]:
    """Return the final value of each assigned name; each statement sees the earlier ones."""
    values: dict[str, sympy.Expr] = {}
    for name, code in statements:
        _refuse_functions(code, group, namespace)
        current = {symbol_of(n): v for n, v in values.items()}
        values[name] = str_to_sympy(code).xreplace(current)
    return values


def _refuse_functions(code: str, group: Any, namespace: Namespace) -> None:
    for node in ast.walk(ast.parse(code, mode="eval")):
        if isinstance(node, ast.Call):
            function = internals.resolve(group, [node.func.id], namespace)  # type: ignore[attr-defined]
            if not next(iter(function.values())).stateless:
                raise UnreadableModelError(
                    group.name, code, "must not draw random numbers",
                    "draw them once, as parameters or a TimedArray",
                )  # fmt: skip


def _refuse_random(
    statements: list[tuple[str, str]], synapses: Synapses, namespace: Namespace
) -> None:
    for _, code in statements:
        try:
            _refuse_functions(code, synapses, namespace)
        except UnreadableModelError as error:
            raise StochasticSynapseError(
                synapses.name, code, "must act without randomness",
                "freeze the draws: one fixed weight per synapse, or a recorded spike train with "
                "the failures removed as external source",
            ) from error  # fmt: skip


def _check_reset_targets(
    group: NeuronGroup, reset: Mapping[str, Any], own: set[str], used: set[str]
) -> None:
    kinds = {name: eq.type for name, eq in group.user_equations.items()}
    for name in set(reset) - own:
        if kinds.get(name) == PARAMETER and name in used:
            raise UnreadableModelError(
                group.name, f"reset changes the parameter {name}", "must only change variables",
                f"declare it as a variable: d{name}/dt = 0/second : ...",
            )  # fmt: skip


def _refractory_time(group: NeuronGroup, namespace: Namespace) -> sympy.Expr | None:
    value = internals.refractory(group)
    if value is False:
        return None
    if isinstance(value, Quantity):
        return sympy.Float(float(value), 17) if float(value) > 0 else None
    names = internals.resolve(group, get_identifiers(str(value)), namespace)
    if parse_expression_dimensions(str(value), names) is not second.dim:
        raise UnreadableModelError(
            group.name, f"refractory={value!r}", "must be a duration",
            "give refractory=2*ms or the name of a parameter in seconds",
        )  # fmt: skip
    return str_to_sympy(str(value))


def _check_held(population: Population) -> None:
    """Refractoriness without a held threshold variable would let a spike wait for its end."""
    if population.refractory is None:
        return
    for held, slope in zip(population.clamped, population.gradient, strict=True):
        if slope != 0 and not held:
            raise UnreadableModelError(
                population.name, f"refractory={population.refractory}",
                "must hold the threshold variable",
                "mark its equation (unless refractory)",
            )  # fmt: skip


def _pulse(
    pathway: Any, synapses: Synapses, target: Population, values: dict[str, sympy.Expr]
) -> Pulse:
    """Return k(x) of one pathway; as in Brian2, own parameters come before the target's."""
    variables = {str(x) for x in target.variables}
    declared = set(synapses.equations)

    def plain(name: str) -> str | None:
        """Return the target variable behind a name, None if it is none."""
        if name in declared:
            return None
        stem = name.removesuffix("_post")
        return stem if stem in variables else None

    after = {x: x for x in target.variables}
    own: set[sympy.Symbol] = set()
    for name, expression in values.items():
        stem = plain(name)
        if stem is None:
            _refuse_assignment(name, pathway, synapses, target)
            continue
        renamed = {}
        for symbol in expression.free_symbols:
            inner = plain(str(symbol))
            if inner is None:
                # keep apart from names of the target's equations
                renamed[symbol] = symbol_of(f"{symbol}_syn")
                own.add(renamed[symbol])
            else:
                renamed[symbol] = symbol_of(inner)
        after[symbol_of(stem)] = expression.xreplace(renamed)
    noise = [item.symbol for item in target.inputs if item.source.startswith("recorded noise")]
    touched = {str(s) for s in noise} & {n.removesuffix("_post") for n in values}
    if touched:
        raise _white_noise(synapses.name, f"a pulse changes the noise variable {touched.pop()}")
    return Pulse(
        f"{synapses.name}.{pathway.objname}",
        target,
        tuple(after[x] for x in target.variables),
        tuple(sorted(own, key=str)),
    )


def _refuse_assignment(name: str, pathway: Any, synapses: Synapses, target: Population) -> None:
    stem = name.removesuffix("_post")
    relevant = {str(p) for p in target.parameters}
    if name in synapses.equations or name.endswith("_pre") or stem in relevant:
        raise UnreadableModelError(
            synapses.name, f"{pathway.objname} changes {name}",
            "must only change variables of the target",
            "freeze plasticity; make changing parameters variables of the target",
        )  # fmt: skip

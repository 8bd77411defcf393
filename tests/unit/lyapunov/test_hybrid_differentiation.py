"""Derivatives of Brian2 statements agree with differences; draws and jumps are marked."""

import math

import pytest

from heavytail_snn.analysis.lyapunov.hybrid.differentiate import Statements, function_call
from heavytail_snn.analysis.lyapunov.hybrid.functions import SCOPE
from heavytail_snn.analysis.lyapunov.hybrid.values import Call, Value
from heavytail_snn.core.errors import ParameterError

POINT = {"v": 0.3, "g": 0.6, "w": 1.1}
CONSTANTS = {"dt": 0.1, "tau": 5.0, "E": 3.0, "C": 0.7, "L": -1.2}


def lookup(name, scope):
    known = function_call(name)
    if known is not None:
        return known
    if name == "randn":
        return Call("", random=True)
    if name in POINT:
        return Value(name, {name: "1.0"}, reads=frozenset([name]))
    return Value(name)


def statements(code):
    found = Statements(lookup)
    found.run(code)
    return found


def evaluate(found, code, **changes):
    scope = {**SCOPE, "math": math, **CONSTANTS, **POINT, **changes}
    for line in found.lines:
        exec(line, scope)
    return eval(code, scope)


@pytest.mark.parametrize(
    "code",
    [
        "_v = v + dt*(E + g*(E - v) + C*(L - v))/C\nv = _v",
        "_g = -dt*g/tau + g\ng = _g",
        "v = (v - w)**2*g/(v + E)",
        "v = exp(-v/tau)*g + exprel(v - g)",
        "v = exprel(1e-3*v)",
        "v = clip(v, 0, 1)*w**3",
        "v = clip(2*v, 0, w)",
        "v = clip(v, g, w)",
        "v = 1/(1 + exp(-(v - g)/C))**2",
        "v = -v*g - (-w)",
        "v = v % E * g",
        "v = v**g",
        "v += 2*g\nw *= v",
        "v = sqrt(v)*log(g)*abs(-w) + log10(w)*log1p(v) + expm1(g)",
        "v = sin(v)*cos(g)*tan(w/2) + sinh(v)*cosh(g)*tanh(w)",
        "v = arcsin(v)*arccos(g)*arctan(w)",
        "v = int(v > 0.1)*g + floor(w)*v",
    ],
)
def test_derivatives_are_those_of_differences(code):
    found = statements(code)
    for value in found.assigned.values():
        for name in POINT:
            up = evaluate(found, value.code, **{name: POINT[name] + 1e-6})
            down = evaluate(found, value.code, **{name: POINT[name] - 1e-6})
            exact = evaluate(found, value.slopes.get(name, "0.0"))
            assert exact == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-8), name


def test_additive_noise_leaves_the_derivative_known_and_multiplicative_does_not():
    added = statements("v = v*w + g*randn()").assigned["v"]
    assert added.random
    assert added.random_slopes == {"g"}
    assert not statements("v = (v + randn())/tau").assigned["v"].random_slopes
    assert statements("v = v*(1 + randn())").assigned["v"].random_slopes == {"v"}
    assert statements("v = exp(v + randn())").assigned["v"].random_slopes == {"v"}


def test_a_step_of_the_state_is_a_jump_and_a_comparison_of_it_a_switch():
    assert statements("v = floor(v)*w").jumps == {"v"}
    assert statements("v = int(tau > 0)*floor(tau)").jumps == set()
    found = statements("v = int(v > 0)*w + int(w <= 2*v) + sign(w - 1) + int(tau > 0)")
    assert found.jumps == set()
    atoms = found.switch_atoms()
    assert [(a.text, a.sign, set(a.gap.slopes)) for a in atoms] == [
        ("v > 0", ">", {"v"}), ("w <= 2 * v", ">=", {"v", "w"}), ("sign(w - 1)", ">", {"w"})
    ]  # fmt: skip


def test_conditions_are_taken_apart():
    found = Statements(lookup)
    condition = found.comparisons("v > 0.1 and not (w >= 3 or 1 > g)")
    assert [a.text for a in condition.atoms] == ["v > 0.1", "w >= 3", "1 > g"]
    assert [a.sign for a in condition.atoms] == [">", ">=", ">"]
    assert not evaluate(found, condition.code())
    assert evaluate(found, condition.code(), g=1.5)


@pytest.mark.parametrize("code", ["v[0] = 1", "v = [1, 2]", "v = lambda: 1", "v = nothing(v)(1)"])
def test_what_is_no_arithmetic_is_refused(code):
    with pytest.raises(ParameterError, match="must be"):
        statements(code)

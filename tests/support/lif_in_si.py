"""The LIF theories with plain numbers in SI units, as closed forms and reference tables state them.

The library's own functions refuse bare numbers; here every voltage, time and rate gets its unit.
"""

import functools

import numpy as np
from brian2 import hertz, second, volt

from heavytail_snn.analysis.theory.lif import heavy_tailed, network
from heavytail_snn.analysis.theory.lif import siegert as single

UNITS = {"tau": second, "t_ref": second, "dt": second, "initial_rate": hertz}
UNITS |= dict.fromkeys(
    ("mu", "sigma", "drive", "noise", "theta", "v_reset", "gain", "unit_weight"), volt
)
UNITS |= dict.fromkeys(("weight", "weight_sd"), volt)


def with_unit(name, value):
    """Return a number, or a sequence of numbers, with the unit of its argument."""
    if name not in UNITS or value is None or isinstance(value, str):
        return value
    return tuple(v * UNITS[name] for v in value) if np.ndim(value) else value * UNITS[name]


def in_si(function, *positional):
    """Return `function` with units put onto its arguments, the first ones by their names."""

    @functools.wraps(function)
    def call(*values, **named):
        first = [with_unit(n, v) for n, v in zip(positional, values, strict=False)]
        rest = values[len(first) :]
        return function(*first, *rest, **{n: with_unit(n, v) for n, v in named.items()})

    return call


siegert = in_si(single.siegert, "mu", "sigma")
LIFCircuit = in_si(network.LIFCircuit)
lif_heavy_tailed = in_si(heavy_tailed.lif_heavy_tailed, "alpha", "gain")
lif_coupling = in_si(heavy_tailed.lif_coupling, "coupling")

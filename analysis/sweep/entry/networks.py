"""What the given models share: the parameters of size and weights, and the coupling they mean."""

from heavytail_snn.analysis.sweep.entry.model import Values
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree, FixedProbability


def weight_parameters(
    *, n_neurons: int, in_degree: int, gain: float, gain_unit: str = ""
) -> tuple[Parameter, ...]:
    """Return the parameters of alpha-stable weights, with a model's defaults."""
    return (
        Parameter("alpha", 1.5, low=0.5, high=2.0, meaning="stability of the weights"),
        Parameter("n_neurons", n_neurons, kind="integer", low=2, meaning="number of neurons"),
        Parameter("in_degree", in_degree, kind="integer", meaning="synapses per neuron; 0: all"),
        Parameter("probability", 0.0, high=1.0, meaning="of each synapse, in place of in_degree"),
        Parameter("gain", gain, gain_unit, open_low=True, meaning="scale of the weights"),
    )


def check_weights(values: Values) -> None:
    """Raise where the wiring does not fit the network, or is given twice."""
    degree, size = int(values["in_degree"]), int(values["n_neurons"])
    if values["probability"] and degree:
        raise ParameterError(
            "probability", values["probability"], f"excludes in_degree = {degree}",
            "set in_degree=0 for random wiring, or leave probability out",
        )  # fmt: skip
    if degree >= size:
        raise ParameterError(
            "in_degree", degree, f"must be below n_neurons = {size}", "use 0 for all to all"
        )


def coupling(values: Values, *, autapses: bool = False) -> Coupling:
    """Return the coupling that the parameters of a case mean."""
    wiring: AllToAll | FixedInDegree | FixedProbability = AllToAll()
    if values["probability"]:
        wiring = FixedProbability(float(values["probability"]))
    elif values["in_degree"]:
        wiring = FixedInDegree(int(values["in_degree"]))
    law = LevyStable(float(values["alpha"]))
    return Coupling(law, wiring, float(values["gain"]), autapses=autapses)

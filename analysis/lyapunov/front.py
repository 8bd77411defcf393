"""One name for the Lyapunov spectrum of every model of the library."""

from collections.abc import Callable
from typing import Any

from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.core.options import check_options
from heavytail_snn.core.randomness import Seed
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap


def lyapunov_spectrum(
    model: Any = None,
    *,
    k: int | str | None = "auto",
    seed: Seed = None,
    compat: str | None = None,
    **options: Any,
) -> LyapunovSpectrum:
    """Return the Lyapunov spectrum of a model, by the method that is exact for it.

    Parameters
    ----------
    model : RateMap, RateFlow, a pulse-coupled network (ThetaNetwork, ...), a LIFNetwork, or a
        ``brian2.Network``; None for the objects that Brian2's ``run`` would use.  Own maps and
        flows: `lyapunov_spectrum_from_jacobians`, `lyapunov_spectrum_from_flow`.
    k : int or "auto"
        Number of exponents returned, for every model; "auto" (and None) returns as many as the
        Kaplan-Yorke dimension needs.
    seed : Seed
    compat : {"xie2025"}, optional
        Reproduce the published (transposed) protocol of arXiv:2505.09816 for a `RateMap`.  It is
        not the Lyapunov spectrum; see `heavytail_snn.analysis.lyapunov.rate.compat`.
    **options
        Of `lyapunov_spectrum_of_map`, `lyapunov_spectrum_of_rate_flow`,
        `lyapunov_spectrum_of_events`, `lyapunov_spectrum_of_model` or
        `lyapunov_spectrum_of_network`.

    Returns
    -------
    LyapunovSpectrum

    Raises
    ------
    ParameterError
        For an option that this kind of model does not have, with those that it has.

    Examples
    --------
    >>> import heavytail_snn as ht
    >>> from heavytail_snn.models.rate.map import RateMap
    >>> coupling = ht.Coupling(ht.LevyStable(1.5), ht.AllToAll())
    >>> network = RateMap(coupling, 100, gain=3.0, seed=1)
    >>> result = lyapunov_spectrum(network, seed=1, n_steps=300, state_warmup=300)
    >>> 0.2 < result.largest_exponent < 0.6
    True
    """
    method = _method(model, compat)
    if model is None or method.__name__ == "lyapunov_spectrum_of_network":
        from heavytail_snn.brian import internals

        check_options(lyapunov_spectrum, options, method, taken=("k", "seed"), model="Network")
        options.setdefault("namespace", internals.caller_namespace(level=1))
        with internals.extensible(model, level=1) as network:
            return method(network, k=k, seed=seed, **options)
    kind = type(model).__name__
    check_options(lyapunov_spectrum, options, method, taken=("k", "seed"), model=kind)
    return method(model, k=k, seed=seed, **options)


def _method(model: Any, compat: str | None) -> Callable[..., LyapunovSpectrum]:
    """Return the function that computes the spectrum of this kind of model."""
    from heavytail_snn.brian.model import NetworkModel
    from heavytail_snn.models.binary.network import BinaryNetwork
    from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork

    if compat is not None:
        check_choice("compat", compat, ("xie2025",))
        from heavytail_snn.analysis.lyapunov.rate.compat import xie_2025_spectrum

        return xie_2025_spectrum
    if model is None or _is_network(model):
        from heavytail_snn.analysis.lyapunov.hybrid.spectrum import lyapunov_spectrum_of_network

        return lyapunov_spectrum_of_network
    if isinstance(model, RateMap):
        from heavytail_snn.analysis.lyapunov.rate.spectrum import lyapunov_spectrum_of_map

        return lyapunov_spectrum_of_map
    if isinstance(model, RateFlow):
        from heavytail_snn.analysis.lyapunov.rate.spectrum import lyapunov_spectrum_of_rate_flow

        return lyapunov_spectrum_of_rate_flow
    if isinstance(model, PulseCoupledNetwork):
        from heavytail_snn.analysis.lyapunov.events.spectrum import lyapunov_spectrum_of_events

        return lyapunov_spectrum_of_events
    if isinstance(model, BinaryNetwork):
        raise ParameterError(
            "model",
            type(model).__name__,
            "must have a tangent, and binary units have none",
            "measure how a flip spreads with damage_spreading",
        )
    if isinstance(model, NetworkModel):
        from heavytail_snn.analysis.lyapunov.brian.model import lyapunov_spectrum_of_model

        return lyapunov_spectrum_of_model
    raise ParameterError(
        "model",
        type(model).__name__,
        "must be a rate network, a pulse-coupled network or a LIFNetwork",
        "for Brian2 objects give a Network of them, for other maps use "
        "lyapunov_spectrum_from_jacobians",
    )


def _is_network(model: Any) -> bool:
    from brian2 import Network

    return isinstance(model, Network)

"""The older name of the spectrum of a Brian2 network, with groups named one by one."""

from typing import Any

from brian2 import Network

from heavytail_snn.analysis.lyapunov.hybrid.spectrum import lyapunov_spectrum_of_network
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian.internals import caller_namespace
from heavytail_snn.core.options import check_options


def lyapunov_spectrum_of_brian(
    network: Network, neurons: Any = (), synapses: Any = (), **options: Any
) -> LyapunovSpectrum:
    """Return the spectrum of a network: `lyapunov_spectrum_of_network`, under its older name.

    Parameters
    ----------
    network : brian2.Network
    neurons, synapses
        Not needed: all objects of the network are found in it, and all are followed.
    **options
        Of `lyapunov_spectrum_of_network`, which names the errors too.

    Raises
    ------
    ParameterError
        For an option that it does not have, with those that it has.
    """
    check_options(lyapunov_spectrum_of_brian, options, lyapunov_spectrum_of_network)
    options.setdefault("namespace", caller_namespace(level=1))
    return lyapunov_spectrum_of_network(network, **options)

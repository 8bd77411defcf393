"""Chaos, dimension and spectra of spiking networks with heavy-tailed synapses."""

__version__ = "0.1.0"

"""Lyapunov spectra of rate networks, gain curves and the onset of chaos."""

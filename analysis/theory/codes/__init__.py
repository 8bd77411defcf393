"""Kernels of population codes, their spectra and learning curves."""

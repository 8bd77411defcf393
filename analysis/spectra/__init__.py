"""Analysis: spectra."""

"""Lyapunov spectra of Brian2 networks along their recorded spikes."""

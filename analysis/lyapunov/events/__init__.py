"""Lyapunov spectra of event-driven networks, and perturbations of their spikes."""

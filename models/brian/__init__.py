"""Spiking networks that run through Brian2."""

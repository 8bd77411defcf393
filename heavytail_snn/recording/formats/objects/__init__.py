"""Spikes that are Python objects: of neo, pandas, JSON and pickles."""

"""Spikes in HDF5: NWB, SONATA, kwik, MEA, SpyKING Circus, and any other by what it holds."""

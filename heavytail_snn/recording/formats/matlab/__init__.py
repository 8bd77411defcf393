"""Spikes in MATLAB files, v5 through scipy and v7.3 through h5py, and layouts of known tools."""

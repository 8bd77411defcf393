"""Spikes in nested names and arrays, whatever file they came from: MATLAB, HDF5, JSON, npz."""

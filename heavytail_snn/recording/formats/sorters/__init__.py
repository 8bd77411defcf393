"""Folders and files of spike sorters: Phy and Kilosort, Neurosuite, SpikeInterface."""

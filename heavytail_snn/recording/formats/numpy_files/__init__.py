"""Spikes in files of numpy: .npy, .npz of anybody, of pynapple and the library's own, and ALF."""

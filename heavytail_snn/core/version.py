"""The version: the one place where it stands."""

__version__ = "0.2.0"

SCIENTIFIC_VERSION = 1
"""Part of the identity of every stored case of a sweep: raise it with each change that the
changelog lists under "Fixed (scientific)", so that old and new numbers never share a store."""

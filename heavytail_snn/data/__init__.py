"""A small recording that the package may redistribute, with its licence."""

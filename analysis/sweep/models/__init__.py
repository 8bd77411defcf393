"""The models of a sweep: one file each, named as the model, which defines ``ENTRY``."""

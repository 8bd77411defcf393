"""Measures and predictions: one method, one file."""

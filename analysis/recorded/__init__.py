"""Analysis: recorded."""

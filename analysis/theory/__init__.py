"""Analysis: theory."""

"""Rate networks: maps and flows."""

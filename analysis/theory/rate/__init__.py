"""Mean-field theory of Gaussian rate networks: maps and flows."""

"""Mean-field theory of binary networks with Gaussian weights."""

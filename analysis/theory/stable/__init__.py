"""Mean-field theory of networks with alpha-stable weights."""

"""Mean-field theory of leaky integrate-and-fire networks."""

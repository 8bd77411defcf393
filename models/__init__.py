"""Networks that can be simulated: one model, one file."""

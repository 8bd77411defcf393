"""From a model to a Recording: one walk through one of the backends."""

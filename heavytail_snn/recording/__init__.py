"""Spikes of a population, simulated or recorded: one class, its files and its doubts."""

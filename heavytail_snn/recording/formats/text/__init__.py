"""Spikes in text: tables with any separator, one train a line, and the library's own text."""

"""Formats of recordings: one small reader each behind one registry, from a file to `RawTrains`."""

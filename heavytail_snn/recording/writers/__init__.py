"""Writers of recordings: one format a file, each complete or not there at all."""

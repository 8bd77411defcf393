"""The tangent of a whole Brian2 network: its own statements, differentiated and replayed."""

"""What a reviewer would ask about a recording as a whole: kernels on arrays, one trap each."""

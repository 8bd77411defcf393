"""Analysis: lyapunov."""

"""Binary networks."""

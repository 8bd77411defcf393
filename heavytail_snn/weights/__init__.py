"""Weight matrices: laws of single weights, wirings, and couplings that join both."""

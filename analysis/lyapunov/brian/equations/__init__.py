"""Brian2 equations read as sympy expressions, or refused by name."""

"""Quadratures, series and fixed points that the theories share."""

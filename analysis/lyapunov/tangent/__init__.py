"""Spectra from tangent dynamics: QR steps, Jacobians, and the result they give."""

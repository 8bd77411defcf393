"""Pulse-coupled networks, integrated from spike to spike without a time grid."""

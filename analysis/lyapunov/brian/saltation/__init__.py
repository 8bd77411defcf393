"""Tangent dynamics of hybrid systems: flows, jumps and their saltation matrices."""

"""What every room stands on: errors, results, random streams, arrays, units."""

"""The measures of a sweep: one file each, named as the measure, which defines ``MEASURE``."""

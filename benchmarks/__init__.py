"""Benchmarks: each measures ratios within one run."""

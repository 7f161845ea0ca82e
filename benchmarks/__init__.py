"""Measurements of the engine beside its open peers: ``make bench``. See docs/benchmarks.md."""

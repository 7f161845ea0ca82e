"""Understudy: private synthetic data inside your own walls. The light client."""

__version__ = "0.1.0"

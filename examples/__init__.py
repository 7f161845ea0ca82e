"""The demo and its tables."""

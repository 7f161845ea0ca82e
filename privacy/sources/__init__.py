"""Exact counts of cliques, from wherever the codes lie."""

"""Revisions of the tables, run by ``service.store.migration``. They only grow: expand, never rename."""

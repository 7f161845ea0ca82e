"""Scrubbing: a map of one person's rows to the same rows without direct identifiers.

``table.scrub_table`` is the way in; ``text.TextScrubber`` does one note. No function here looks at
another person's rows, so differential privacy that is measured on the scrubbed table holds for the
original one.
"""

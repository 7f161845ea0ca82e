"""The only door to ``presidio_analyzer``: an AnalyzerEngine with our recognizers, and no network.

Ours are the rules and the embedded tagger. A user's own Presidio recognizers (spaCy, stanza, transformers,
GLiNER, patterns) plug in through ``extra``, or from a path through ``plugged``. Nothing here logs a text:
decision tracing stays off, and Presidio's loggers are not raised.

Presidio would skip a pattern that times out and go on; ours raise, so that a text which was not looked
at in full is dropped by the caller. Its stock recognizers are not used: they need a network (EmailRecognizer fetches
the public-suffix list), log the text they refuse (IbanRecognizer) or say what a rule of ours says.
"""

from privacy.scrub.presidio.detector import OVERLAP, PIECE, PresidioDetector
from privacy.scrub.presidio.plugged import plugged

__all__ = ["OVERLAP", "PIECE", "PresidioDetector", "plugged"]

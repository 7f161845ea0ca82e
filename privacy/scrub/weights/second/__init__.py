"""The embedded tagger's weights, its word lists, and the card that says how both were made."""

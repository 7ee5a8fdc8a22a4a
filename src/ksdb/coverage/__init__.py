"""Coverage: how many of a division's residents hold an active card."""

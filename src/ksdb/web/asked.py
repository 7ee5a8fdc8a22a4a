"""What an address asks for after its question mark, read so that nothing written there can be a fault of ours."""

MOST_DIGITS = 9
"""Every such number fits the database's integers; `str.isdigit` alone also takes ² and ٣, and digits without end."""


def number_in(text: str | None) -> int | None:
    """The whole number, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None

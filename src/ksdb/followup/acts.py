"""Tells the page of retention what the follow-up keeps."""

from ksdb.followup.queries.kept import kept_data
from ksdb.visits.keeping import KEPT


def register() -> None:
    """Called once, when Django is ready."""
    KEPT.append(kept_data)

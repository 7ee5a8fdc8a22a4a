"""Writes to the audit trail. There is one write, and no change."""

from collections.abc import Mapping, Sequence

from ksdb.audit.models import Entry
from ksdb.core.clock import now
from ksdb.core.scope import Scope


def record(
    scope: Scope,
    action: str,
    subject: tuple[str, int] | None = None,
    purpose: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Writes one entry in the caller's transaction, so that an act and its trace stand or fall together."""
    record_many(scope, action, [subject] if subject else [None], purpose, detail)


def record_many(
    scope: Scope,
    action: str,
    subjects: Sequence[tuple[str, int] | None],
    purpose: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """One entry for each subject: a page that lists persons reads each of them."""
    at = now()
    Entry.objects.bulk_create(
        Entry(
            at=at,
            actor_id=scope.actor_id,
            action=action,
            subject=subject[0] if subject else "",
            subject_id=subject[1] if subject else None,
            purpose=purpose,
            address=scope.address or None,
            detail=dict(detail or {}),
        )
        for subject in subjects
    )

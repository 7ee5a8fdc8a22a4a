"""Reads of the audit trail."""

from django.db.models import QuerySet

from ksdb.audit.models import Entry
from ksdb.core.scope import Permission, Scope


def entries(scope: Scope, subject: tuple[str, int] | None = None) -> QuerySet[Entry]:
    """Entries, latest first; of one subject when named. One index scan."""
    scope.require(Permission.AUDIT_ENTRY_READ)
    found = Entry.objects.order_by("-id")
    return found.filter(subject=subject[0], subject_id=subject[1]) if subject else found

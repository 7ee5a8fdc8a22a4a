"""Writes of links between cases, made by hand and taken back."""

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.followup.faults import AlreadyLinked, LinkedToItself
from ksdb.followup.models import TransmissionLink
from ksdb.followup.states import Basis
from ksdb.places.queries import covers
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.queries import case

WRITE = Permission.TRACING_CASE_WRITE


@transaction.atomic
def link_cases(scope: Scope, source_id: int, target_id: int) -> TransmissionLink:
    """Says that the first case infected the second. Raises NotFound, LinkedToItself, AlreadyLinked."""
    if source_id == target_id:
        raise LinkedToItself
    source, target = _writable(scope, source_id), _writable(scope, target_id)
    CaseRecord.objects.select_for_update().filter(pk=min(source_id, target_id)).first()
    pair = [source_id, target_id]
    if TransmissionLink.objects.filter(source__in=pair, target__in=pair, ended_at=None).exists():
        raise AlreadyLinked
    made = TransmissionLink.objects.create(
        source=source, target=target, basis=Basis.BY_HAND, made_at=now(), made_by_id=scope.actor_id
    )
    _record(scope, made, "link")
    return made


@transaction.atomic
def unlink_cases(scope: Scope, case_id: int, link_id: int) -> None:
    """Takes a link of the case back; what traces found stays. Raises NotFound."""
    _writable(scope, case_id)
    link = TransmissionLink.objects.select_for_update().filter(pk=link_id, ended_at=None).first()
    if link is None or case_id not in {link.source_id, link.target_id}:
        raise NotFound
    link.ended_at, link.ended_by_id = now(), scope.actor_id
    link.save(update_fields=["ended_at", "ended_by_id"])
    _record(scope, link, "unlink")


def _writable(scope: Scope, case_id: int) -> CaseRecord:
    found = case(scope, case_id)
    if not covers(scope, WRITE, found.resident.division_id):
        raise NotFound
    return found


def _record(scope: Scope, link: TransmissionLink, what: str) -> None:
    detail = {"case": link.source_id, "other": link.target_id}
    record(scope, f"followup:case:{what}", ("case", link.source_id), Purpose.CASE_TRACING, detail)

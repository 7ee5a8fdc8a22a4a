"""A list of residents is taken out, each of them written to the trail."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext

from ksdb.audit.actions import record, record_many
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.registry.models import Resident
from ksdb.registry.queries import residents_to_export
from ksdb.web.exporting import MOST_ROWS, FileKind, Table, Written, write_table


@dataclass(frozen=True)
class Asked:
    """Why a list is taken out, and in which form."""

    purpose: Purpose
    reason: str
    kind: FileKind


def export_residents(scope: Scope, division_id: int, asked: Asked) -> Written:
    """Takes out the residents of a commune or a residential group; each of them stands in the trail.

    Raises NotFound outside the jurisdiction. No ID number and no phone is in it.
    """
    residents = residents_to_export(scope, division_id)
    found = residents.count()
    listed = list(residents[: MOST_ROWS + 1])
    rows = [_exported(one) for one in listed]
    facts = [(gettext("Purpose"), asked.purpose.value), (gettext("Reason"), asked.reason)]
    facts += [(gettext("Account"), str(scope.actor_id)), (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}")]
    with transaction.atomic():
        written = write_table(Table(gettext("Residents"), _export_headings(), rows, found, facts), asked.kind)
        subjects = [("resident", one.pk) for one in listed]
        detail = {"division": division_id, "rows": written.count, "sha256": written.sha256}
        record_many(scope, Permission.REGISTRY_RESIDENT_EXPORT, subjects, asked.purpose, detail)
        whole = {**detail, "reason": asked.reason, "found": found, "file": asked.kind.suffix}
        record(scope, "registry:list:export", ("division", division_id), asked.purpose, whole)
    return written


def _export_headings() -> list[str]:
    words = (
        gettext("Full name"),
        gettext("Born on"),
        gettext("Year of birth"),
        gettext("Sex"),
        gettext("Household number"),
        gettext("Relation to the head"),
        gettext("Residential group"),
        gettext("Address"),
        gettext("Resident number"),
    )
    return list(words)


def _exported(one: Resident) -> tuple[str | int, ...]:
    home = one.household
    sexes = {Resident.Sex.FEMALE: gettext("female"), Resident.Sex.MALE: gettext("male")}
    return (
        one.full_name,
        f"{one.born_on:%d/%m/%Y}" if one.born_on else "",
        one.birth_year,
        sexes.get(Resident.Sex(one.sex), "") if one.sex else "",
        home.book_number if home else "",
        one.relation,
        one.division.name,
        home.address if home else "",
        one.pk,
    )

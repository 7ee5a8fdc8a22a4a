"""Writes of the work at the doors: a note is taken, a conflict decided; who goes where, in which order."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext

from ksdb.audit.actions import record
from ksdb.cards.actions import activate_cards
from ksdb.cards.models import Card
from ksdb.cards.queries import trust_list
from ksdb.core.clock import day_of, now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.outreach.doors import CardState
from ksdb.outreach.faults import (
    REFUSED,
    SENTENCES,
    CardNotHere,
    CardNotWaiting,
    CardOfOthers,
    NoteDecided,
    NothingNoted,
)
from ksdb.outreach.handing import card_filter
from ksdb.outreach.models import DoorNote, MissingReason
from ksdb.outreach.notes import Answer, Note, NoteKind, Outcome, PersonState
from ksdb.outreach.queries import ROOM, conflict_in, group_in, person_in, standing_for
from ksdb.outreach.reasons import Reason
from ksdb.outreach.telling import told, what_of
from ksdb.places.queries import within
from ksdb.postgres.named import sql
from ksdb.registry.models import Household

MEANWHILE = "meanwhile"


def take_note(scope: Scope, note: Note) -> Answer:
    """Does what was noted at a door, once, however often it arrives, and says what became of it.

    A note that contradicts what somebody else did since it was seen changes nothing: it waits as a conflict. Raises
    NotFound for a group outside the jurisdiction; what else is wrong is an answer, not an error.
    """
    group = group_in(scope, Permission.OUTREACH_NOTE_WRITE, note.group)
    with transaction.atomic():
        _lock(group.pk)
        row = DoorNote.objects.filter(key=note.key).first()
        if row is None:
            row = _done(scope, note)
        elif row.actor_id != scope.actor_id or row.division_id != note.group:
            raise NotFound
        return answer_to(scope, row)


def take_notes(scope: Scope, notes: Sequence[Note]) -> list[Answer]:
    """Each note by itself: one that goes wrong, or lies where the helper may no longer go, holds back no other."""
    scope.require(Permission.OUTREACH_NOTE_WRITE)
    return [_taken(scope, note) for note in notes]


def _taken(scope: Scope, note: Note) -> Answer:
    try:
        return take_note(scope, note)
    except NotFound as fault:
        return Answer(note.key, Outcome.REFUSED, 0, gettext(fault.sentence()), fault.code)


def _lock(group_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "lock_group"), {"group": group_id})


def _done(scope: Scope, note: Note) -> DoorNote:
    at, done_at = now(), note.done_at()
    row = DoorNote(
        key=note.key,
        division_id=note.group,
        kind=note.kind,
        reason=note.reason or "",
        on=day_of(done_at),
        done_at=done_at,
        received_at=at,
        actor_id=scope.actor_id,
    )
    try:
        with transaction.atomic():
            row.outcome = ACTS[note.kind](scope, note, row)
    except REFUSED as fault:
        row.outcome, row.code = Outcome.REFUSED, fault.code
    if row.outcome == Outcome.CONFLICT:
        row.code = MEANWHILE
    row.save()
    return row


def _visit(scope: Scope, note: Note, row: DoorNote) -> Outcome:
    row.household = _household(note)
    record(scope, Permission.OUTREACH_NOTE_WRITE, ("household", row.household.pk), Purpose.CARD_SERVICE)
    return Outcome.DONE


def _household(note: Note) -> Household:
    found = Household.objects.filter(pk=note.household, division=note.group).first()
    if found is None:
        raise NothingNoted
    return found


def _note_reason(scope: Scope, note: Note, row: DoorNote) -> Outcome:
    """Another reason that came in between, or a card, is a conflict; the same reason is the same note twice."""
    if note.reason is None:
        raise NothingNoted
    standing = _seen(scope, note, row)
    if standing is not None and standing.reason == note.reason:
        return Outcome.DONE
    if _has_changed(scope, note, standing):
        return Outcome.CONFLICT
    _set_reason(scope, row, note.reason)
    return Outcome.DONE


def _withdraw(scope: Scope, note: Note, row: DoorNote) -> Outcome:
    standing = _seen(scope, note, row)
    if standing is None:
        return Outcome.DONE
    if _is_of_others(scope, note, standing):
        return Outcome.CONFLICT
    _end_reason(scope, standing)
    return Outcome.DONE


def _seen(scope: Scope, note: Note, row: DoorNote) -> MissingReason | None:
    """Puts the person into the row; the reason that stands."""
    resident, _ = person_in(scope, Permission.OUTREACH_NOTE_WRITE, note.resident)
    if resident.division_id != note.group:
        raise NotFound
    row.resident, row.household = resident, resident.household
    return MissingReason.objects.filter(resident=resident, withdrawn_at=None).first()


def _has_changed(scope: Scope, note: Note, standing: MissingReason | None) -> bool:
    """Whether somebody else noted or took back a reason since it was seen, or the person has a card now."""
    _, person = person_in(scope, Permission.OUTREACH_NOTE_WRITE, note.resident)
    is_new_card = person.card is CardState.ACTIVE and note.seen_card != CardState.ACTIVE
    return is_new_card or _is_of_others(scope, note, standing)


def _is_of_others(scope: Scope, note: Note, standing: MissingReason | None) -> bool:
    """One's own change is no news to oneself: a phone may send two thoughts about a person, one after the other."""
    if standing is not None:
        return standing.pk != note.seen_reason and standing.noted_by_id != scope.actor_id
    seen = MissingReason.objects.filter(pk=note.seen_reason, resident=note.resident).first()
    return seen is not None and seen.withdrawn_by_id != scope.actor_id


def _set_reason(scope: Scope, row: DoorNote, reason: Reason) -> None:
    standing = MissingReason.objects.filter(resident=row.resident_id, withdrawn_at=None).first()
    if standing is not None:
        _end_reason(scope, standing)
    MissingReason.objects.create(
        resident=row.resident,  # type: ignore[misc]  # a note about a reason has its person
        reason=reason,
        said_on=row.on,
        noted_at=now(),
        noted_by_id=scope.actor_id,
    )
    _record(scope, row.resident_id, {"reason": reason.value})


def _end_reason(scope: Scope, standing: MissingReason) -> None:
    standing.withdrawn_at, standing.withdrawn_by_id = now(), scope.actor_id
    standing.save(update_fields=["withdrawn_at", "withdrawn_by_id"])
    _record(scope, standing.resident_id, {"withdrawn": standing.reason})


def _record(scope: Scope, resident_id: int | None, detail: Mapping[str, object]) -> None:
    subject = ("resident", resident_id) if resident_id else None
    record(scope, Permission.OUTREACH_NOTE_WRITE, subject, Purpose.CARD_SERVICE, detail)


def _hand_over(scope: Scope, note: Note, row: DoorNote) -> Outcome:
    """Activates the card if it waits and is of this household, or of the person named.

    A card in the hand ends any reason to lack one.
    """
    card = _card(scope, note.card)
    holder, household = card.resident.merged_into or card.resident, note.household or None
    is_of_home = household is not None and holder.household_id == household
    if holder.division_id != note.group or not (is_of_home or holder.pk == note.resident):
        raise CardOfOthers
    row.resident, row.household_id = holder, household
    if card.status != CardStatus.ISSUED:
        raise CardNotWaiting
    activate_cards(scope, [card.pk])
    standing = MissingReason.objects.filter(resident=holder, withdrawn_at=None).first()
    if standing is not None:
        _end_reason(scope, standing)
    _record(scope, holder.pk, {"handed_over": card.pk})
    return Outcome.DONE


def _card(scope: Scope, scanned: str) -> Card:
    """The card of that number or code in the jurisdiction. The look-up is audited, so that guessing shows."""
    wanted = card_filter(scanned, trust_list(scope), now())
    cards = Card.objects.filter(within(scope, Permission.OUTREACH_NOTE_WRITE, "resident__division"))
    found = cards.select_related("resident__merged_into").filter(**wanted).first()
    subject = ("resident", found.resident_id) if found else None
    record(scope, "cards:card:find", subject, Purpose.CARD_SERVICE, {"found": found is not None})
    if found is None:
        raise CardNotHere
    return found


ACTS: Mapping[NoteKind, Callable[[Scope, Note, DoorNote], Outcome]] = {
    NoteKind.HAND_OVER: _hand_over,
    NoteKind.REASON: _note_reason,
    NoteKind.VISITED: _visit,
    NoteKind.WITHDRAW: _withdraw,
}


def settle(scope: Scope, note_id: int, *, keeps_it: bool) -> Answer:
    """Decides a conflict: the note is kept and done now, or dropped, and what somebody else did stays.

    Raises NotFound outside the jurisdiction, NoteDecided when it no longer waits.
    """
    with transaction.atomic():
        row = conflict_in(scope, note_id)
        _lock(row.division_id)
        row.refresh_from_db()
        if row.outcome != Outcome.CONFLICT:
            raise NoteDecided
        if keeps_it:
            _keep(scope, row)
        row.outcome = Outcome.KEPT if keeps_it else Outcome.DROPPED
        row.settled_at, row.settled_by_id = now(), scope.actor_id
        row.save(update_fields=["outcome", "settled_at", "settled_by_id"])
        detail = {"note": row.pk, "kept": keeps_it}
        _record(scope, row.resident_id, detail)
        return answer_to(scope, row)


def _keep(scope: Scope, row: DoorNote) -> None:
    if row.kind == NoteKind.REASON:
        _set_reason(scope, row, Reason(row.reason))
        return
    standing = MissingReason.objects.filter(resident=row.resident_id, withdrawn_at=None).first()
    if standing is not None:
        _end_reason(scope, standing)


def answer_to(scope: Scope, row: DoorNote) -> Answer:
    """What became of a note, in words, with what stands now."""
    theirs = told(standing_for(scope, row)) if row.outcome == Outcome.CONFLICT else None
    return Answer(
        key=UUID(str(row.key)),
        outcome=Outcome(row.outcome),
        note=row.pk,
        message=_message(row),
        code=row.code,
        mine=what_of(row.kind, row.reason),
        theirs=theirs,
        person=_state(scope, row) if row.resident_id else None,
    )


def _message(row: DoorNote) -> str:
    match row.outcome:
        case Outcome.DONE | Outcome.KEPT if row.kind == NoteKind.HAND_OVER:
            return gettext("The card is handed over and works from now on.")
        case Outcome.DONE | Outcome.KEPT:
            return gettext("Noted.")
        case Outcome.DROPPED:
            return gettext("Left as it is.")
        case Outcome.CONFLICT:
            return gettext("Somebody else changed this meanwhile. Look at both and decide which is right.")
    return gettext(SENTENCES.get(row.code, KsdbError.sentence()))


def _state(scope: Scope, row: DoorNote) -> PersonState:
    _, person = person_in(scope, Permission.OUTREACH_NOTE_WRITE, row.resident_id or 0)
    return PersonState(person.id, person.card.value, person.reason.value if person.reason else "", person.reason_id)

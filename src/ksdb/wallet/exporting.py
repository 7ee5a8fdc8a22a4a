"""Everything that is held about a resident, as a file that a program can read."""

from ksdb.cards.words import FORM_LABELS, STATUS_LABELS
from ksdb.core.decision import CardStatus
from ksdb.core.token import Form
from ksdb.wallet.queries.held import Asked, Claim, Held, Keeping, MyVisit, Read

Json = dict[str, object]


def as_json(held: Held) -> Json:
    """Times in UTC as ISO 8601. `counts` says how many there are of each, as a check."""
    lists: dict[str, list[Json]] = {
        "cards": [
            {
                "number": one.number,
                "form": str(FORM_LABELS[Form(one.form)]),
                "status": str(STATUS_LABELS[CardStatus(one.status)]),
                "issued_at": one.issued_at,
            }
            for one in held.cards
        ],
        "phones_that_keep_the_card": [_keeping(one) for one in held.keepers],
        "signed_in_phones": [
            {
                "began_at": one.began_at,
                "seen_at": one.seen_at,
                "ended_at": one.ended_at,
                "takes_pushes": one.takes_pushes,
            }
            for one in held.sessions
        ],
        "requests_to_keep_a_card": [_claim(one) for one in held.claims],
        "asked_at_the_desk": [
            {"at": one.made_at, "came": one.came, "proven": one.proven, "wanted": one.wanted} for one in held.desk
        ],
        "visits": [_visit(one) for one in held.visits],
        "who_read": [_read(one) for one in held.reads],
        "health_declarations": [
            {
                "on": one.on,
                "form_version": one.form_version,
                "symptoms": one.symptoms,
                "met_ill": one.met_ill,
                "travelled": one.travelled,
                "travelled_to": one.travelled_to,
            }
            for one in held.declarations
        ],
        "requests": [_asked(one) for one in held.requests],
        "notices": [
            {
                "kind": one.kind,
                "facts": one.facts,
                "made_at": one.made_at,
                "read_at": one.read_at,
                "text": one.words.body,
                "ways": [{"by": way.channel, "state": way.state, "at": way.changed_at} for way in one.ways],
            }
            for one in held.notices
        ],
        "consents": [
            {"what": one.what, "given_at": one.given_at, "withdrawn_at": one.withdrawn_at} for one in held.consents
        ],
    }
    return {
        "made_at": held.made_at,
        "person": _person(held),
        "counts": {name: len(rows) for name, rows in lists.items()},
        **lists,
    }


def _person(held: Held) -> Json:
    one = held.resident
    return {
        "full_name": one.full_name,
        "sex": one.sex,
        "birth_year": one.birth_year,
        "born_on": one.born_on,
        "nationality": one.nationality or "VNM",
        "id_number": held.id_number,
        "phone": held.phone,
        "address": one.household.address if one.household else "",
        "group": one.division.name,
        "commune": one.division.parent.name if one.division.parent else "",
        "household_book": one.household.book_number if one.household else "",
        "registered_at": one.registered_at,
    }


def _keeping(one: Keeping) -> Json:
    kept = one.holding
    return {
        "number_ends_in": one.end,
        "relation": kept.relation,
        "made_sure_by": kept.evidence,
        "since": kept.since,
        "until": kept.until,
    }


def _claim(one: Claim) -> Json:
    """As it was typed; empty once it was forgotten."""
    return {
        "full_name": one.full_name,
        "birth_year": one.birth_year or None,
        "relation": one.relation,
        "state": one.state,
        "made_at": one.made_at,
        "decided_at": one.decided_at,
        "reason": one.reason,
    }


def _visit(one: MyVisit) -> Json:
    return {
        "at": one.at,
        "place": one.point,
        "kind": one.kind,
        "is_exit": one.is_exit,
        "disputed": one.disputed.state if one.disputed else None,
    }


def _read(one: Read) -> Json:
    return {
        "first_at": one.first_at,
        "last_at": one.last_at,
        "times": one.times,
        "office": one.unit or "",
        "roles": [str(role) for role in one.reader],
        "purpose": str(one.why),
        "what": one.action,
        "for_a_case": one.is_for_case,
    }


def _asked(one: Asked) -> Json:
    asked = one.request
    return {
        "about": asked.about,
        "text": one.text,
        "made_at": asked.made_at,
        "due_on": asked.due_on,
        "state": asked.state,
        "answer": one.note,
    }

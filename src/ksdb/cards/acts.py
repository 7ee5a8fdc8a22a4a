"""Tells the room of approvals which acts on cards need two persons, and how they are done."""

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from ksdb.approvals.kinds import CARRIERS, Carrier, Kind, Payload, number_of
from ksdb.cards.actions import bulk
from ksdb.cards.words import STATUS_LABELS
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Permission


def register() -> None:
    """Called once, when Django is ready."""
    CARRIERS[Kind.BULK_ISSUE] = Carrier(Permission.CARDS_CARD_ISSUE, bulk.carry_out_issue, _issue, _batches)
    CARRIERS[Kind.BULK_REVOKE] = Carrier(Permission.CARDS_CARD_REVOKE, bulk.carry_out_revoke, _revoke, _find)
    CARRIERS[Kind.STATUS_OVERRIDE] = Carrier(
        Permission.CARDS_CARD_OVERRIDE, bulk.carry_out_override, _override, _holder
    )


def _issue(payload: Payload) -> str:
    count = number_of(payload, "count")
    return ngettext("Issue %(count)s card", "Issue %(count)s cards", count) % {"count": count}


def _revoke(payload: Payload) -> str:
    count = number_of(payload, "count")
    return ngettext("Revoke %(count)s card", "Revoke %(count)s cards", count) % {"count": count}


def _override(payload: Payload) -> str:
    status = STATUS_LABELS[CardStatus(number_of(payload, "status"))]
    return gettext("Set a card to “%(status)s” against its usual life") % {"status": status}


def _batches(payload: Payload) -> str:
    return f"{reverse('cards:batches')}?division={number_of(payload, 'division')}&form={number_of(payload, 'form')}"


def _find(_payload: Payload) -> str:
    return reverse("cards:find")


def _holder(payload: Payload) -> str:
    return reverse("cards:of_resident", args=[number_of(payload, "resident")])

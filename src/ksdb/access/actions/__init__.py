"""Writes of accounts, grants, invitations and sessions; and the counting of attempts."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet

from ksdb.access import queries
from ksdb.access.limits import (
    INVITATION_BY_ADDRESS,
    Limit,
    TooManyAttempts,
    TooManyPersons,
    TooManySearches,
    person_searches,
    persons_of_a_day,
)
from ksdb.access.models import Attempt, Grant, Invitation, StaffAccount
from ksdb.access.sealing import LIMIT, sealer
from ksdb.audit.actions import record
from ksdb.core.addresses import network_of
from ksdb.core.clock import now, today
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.names import stored_name
from ksdb.core.scope import Permission, Role, Scope
from ksdb.places.queries import covers
from ksdb.postgres.named import sql

INVITATION_LASTS = timedelta(hours=72)
SEEN_EVERY = timedelta(minutes=1)


class NotYourself(KsdbError):
    """Nobody gives rights to himself or changes his own account here. Ask another administrator to do it."""

    code = "not_yourself"
    status = 409


class NameTaken(KsdbError):
    """There is an account of this sign-in name already. Choose another name, or look for the account in the list."""

    code = "name_taken"
    status = 409


class TermImpossible(KsdbError):
    """A right must end after it began, and cannot begin in the past. Correct the days."""

    code = "term_impossible"
    status = 422


class InvitationGone(KsdbError):
    """This link was used, has expired, or was replaced by a newer one. Ask your administrator for a new link."""

    code = "invitation_gone"
    status = 410


@dataclass(frozen=True)
class Newcomer:
    """Who is invited."""

    username: str
    full_name: str
    unit: str = ""
    is_sealed: bool = False


@dataclass(frozen=True)
class Terms:
    """Which role on which division, in `[valid_from, valid_to)`."""

    role: Role
    division_id: int
    valid_from: date
    valid_to: date | None = None


# Accounts and grants


def make_account(scope: Scope, username: str, full_name: str, password: str, unit: str = "") -> StaffAccount:
    """A new account without any grant: it can sign in and see nothing."""
    account = _new_account(scope, Newcomer(username, full_name, unit))
    account.set_password(password)
    account.save(update_fields=["password"])
    return account


def _new_account(scope: Scope, who: Newcomer) -> StaffAccount:
    """Without a password that works, until one is set."""
    scope.require(Permission.ACCESS_GRANT_WRITE)
    return _entered(scope, who)


def _entered(scope: Scope, who: Newcomer) -> StaffAccount:
    account = StaffAccount(
        username=who.username.lower(), full_name=who.full_name, unit=who.unit, is_sealed=who.is_sealed
    )
    account.set_unusable_password()
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise NameTaken from error
    record(scope, "access:account:write", subject=("account", account.pk))
    return account


def give_grant(scope: Scope, account: StaffAccount, role: Role, division_id: int, valid_from: date) -> Grant:
    """A grant without an end."""
    return _give(scope, account, Terms(role, division_id, valid_from))


def grant(scope: Scope, account_id: int, terms: Terms) -> Grant:
    """A dated grant to an account that the actor governs."""
    if terms.valid_from < today() or (terms.valid_to is not None and terms.valid_to <= terms.valid_from):
        raise TermImpossible
    return _give(scope, queries.account(scope, account_id), terms)


def _give(scope: Scope, account: StaffAccount, terms: Terms) -> Grant:
    """Nobody gives what lies outside his own jurisdiction, nor anything to himself."""
    scope.require(Permission.ACCESS_GRANT_WRITE)
    _refuse_oneself(scope, account)
    if not covers(scope, Permission.ACCESS_GRANT_WRITE, terms.division_id):
        raise NotAllowed
    made = Grant.objects.create(
        account=account,
        role=terms.role,
        division_id=terms.division_id,
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
    )
    detail = {"role": terms.role, "division": terms.division_id, "grant": made.pk}
    record(scope, Permission.ACCESS_GRANT_WRITE, subject=("account", account.pk), detail=detail)
    return made


def _refuse_oneself(scope: Scope, account: StaffAccount) -> None:
    if account.pk == scope.actor_id:
        raise NotYourself


@transaction.atomic
def end_grant(scope: Scope, account_id: int, grant_id: int) -> None:
    """The grant ends today; one that was to begin later never begins."""
    account = _governed(scope, account_id)
    ended = Grant.objects.select_for_update().filter(pk=grant_id, account=account).first()
    if ended is None:
        raise NotFound
    if ended.valid_to is None or ended.valid_to > today():
        ended.valid_to = max(today(), ended.valid_from)
        ended.save(update_fields=["valid_to"])
    record(scope, "access:grant:end", subject=("account", account.pk), detail={"grant": ended.pk})


def _governed(scope: Scope, account_id: int) -> StaffAccount:
    """An account that the actor may change: one he governs, and not his own."""
    account = queries.account(scope, account_id)
    _refuse_oneself(scope, account)
    return account


@transaction.atomic
def set_unit(scope: Scope, account_id: int, unit: str) -> None:
    """The office the person works in: acts of two persons ask for two of them. The trail keeps both names."""
    account = _governed(scope, account_id)
    was, account.unit = account.unit, stored_name(unit)
    account.save(update_fields=["unit"])
    detail = {"unit": account.unit, "was": was}
    record(scope, "access:unit:write", subject=("account", account.pk), detail=detail)


@transaction.atomic
def deactivate_account(scope: Scope, account_id: int) -> None:
    """Cannot sign in any more, and is signed out everywhere; grants stay as they are."""
    account = _governed(scope, account_id)
    account.is_active = False
    account.save(update_fields=["is_active"])
    account.invitations.all().delete()
    _end(UserSession.objects.filter(user=account))
    record(scope, "access:account:deactivate", subject=("account", account.pk))


def reactivate_account(scope: Scope, account_id: int) -> None:
    account = _governed(scope, account_id)
    account.is_active = True
    account.save(update_fields=["is_active"])
    record(scope, "access:account:reactivate", subject=("account", account.pk))


@transaction.atomic
def reset_second_factor(scope: Scope, account_id: int) -> None:
    """Forgets app, passkeys and recovery codes, and signs out everywhere: at the next sign-in a new one is set up."""
    account = _governed(scope, account_id)
    Authenticator.objects.filter(user=account).delete()
    _end(UserSession.objects.filter(user=account))
    record(scope, "access:second_factor:reset", subject=("account", account.pk))


# Invitations


@transaction.atomic
def invite(scope: Scope, who: Newcomer, terms: Terms) -> tuple[StaffAccount, str]:
    """A new account with its first grant, and the token of the link to hand over; the token is never shown again."""
    if terms.valid_to is not None and terms.valid_to <= terms.valid_from:
        raise TermImpossible
    account = _new_account(scope, who)
    _give(scope, account, terms)
    return account, _invitation_of(scope, account)


@transaction.atomic
def invite_again(scope: Scope, account_id: int) -> tuple[StaffAccount, str]:
    """A new link for an account whose password was forgotten; until it is opened the old password works."""
    account = _governed(scope, account_id)
    return account, _invitation_of(scope, account)


def _invitation_of(scope: Scope, account: StaffAccount) -> str:
    token = secrets.token_urlsafe(32)
    account.invitations.filter(used_at=None).delete()
    Invitation.objects.create(
        account=account, token_sha256=_digest(token), made_at=now(), expires_at=now() + INVITATION_LASTS
    )
    record(scope, "access:invitation:write", subject=("account", account.pk))
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def invited(scope: Scope, token: str) -> StaffAccount:
    """Whom the link is for. Raises InvitationGone, and counts the wrong tokens of an address."""
    found = _open_invitations(token).first()
    if found is None:
        spend(scope, INVITATION_BY_ADDRESS, network_of(scope.address))
        raise InvitationGone
    return found.account


def _open_invitations(token: str) -> QuerySet[Invitation]:
    found = Invitation.objects.filter(token_sha256=_digest(token), used_at=None, expires_at__gt=now())
    return found.filter(account__is_active=True).select_related("account")


@transaction.atomic
def accept_invitation(scope: Scope, token: str, password: str) -> StaffAccount:
    """Sets the password, once; whoever was signed in by an older one is signed out."""
    found = _open_invitations(token).select_for_update(of=("self",)).first()
    if found is None:
        raise InvitationGone
    found.used_at = now()
    found.save(update_fields=["used_at"])
    account = found.account
    account.set_password(password)
    account.save(update_fields=["password"])
    _end(UserSession.objects.filter(user=account))
    record(scope, "access:invitation:use", subject=("account", account.pk))
    return account


# Sessions


def end_sessions(scope: Scope, account_id: int) -> None:
    """Signs the account out everywhere."""
    account = _governed(scope, account_id)
    count = _end(UserSession.objects.filter(user=account))
    record(scope, "access:session:end", subject=("account", account.pk), detail={"count": count})


def end_own_session(scope: Scope, session_id: int) -> None:
    """Ends one of the actor's own sessions; the current one is what signing out is for."""
    if not _end(UserSession.objects.filter(user_id=scope.actor_id, pk=session_id)):
        raise NotFound
    record(scope, "access:session:end", subject=_own(scope), detail={"count": 1})


def end_other_sessions(scope: Scope, current_key: str) -> int:
    """Ends all of the actor's sessions but the one with this key; how many there were."""
    count = _end(UserSession.objects.filter(user_id=scope.actor_id).exclude(session_key=current_key))
    record(scope, "access:session:end", subject=_own(scope), detail={"count": count})
    return count


def _own(scope: Scope) -> tuple[str, int] | None:
    return ("account", scope.actor_id) if scope.actor_id else None


def _end(sessions: Iterable[UserSession]) -> int:
    ended = list(sessions)
    for session in ended:
        session.end()
    return len(ended)


def mark_seen(scope: Scope, session_key: str) -> None:
    """The session was used just now. One update by key."""
    UserSession.objects.filter(user_id=scope.actor_id, session_key=session_key).update(last_seen_at=now())


# Attempts


def spend(scope: Scope, limit: Limit, key: str, amount: int = 1) -> None:
    """Counts one attempt, or several; holds across processes. Raises TooManyAttempts when they pass the limit.

    Under a key, such as an account or an address, that the caller chooses. The system's own jobs are not counted.
    """
    if scope.is_system:
        return
    given: dict[str, Any] = {
        "key": _attempt_key(limit, key),
        "now": now(),
        "seconds": limit.seconds,
        "most": limit.most,
        "amount": amount,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.access", "spend"), given)
        count, until = cursor.fetchone()
    if count <= limit.most:
        return
    if count <= limit.most + amount:
        record(scope, "access:limit:reach", detail={"limit": limit.name})
    raise TooManyAttempts(until)


def spend_person_search(scope: Scope) -> None:
    """Counts one search for people by the account. Raises TooManySearches."""
    for limit in person_searches():
        try:
            spend(scope, limit, str(scope.actor_id))
        except TooManyAttempts as error:
            raise TooManySearches(error.until) from error


def spend_persons(scope: Scope, count: int) -> None:
    """Counts people that a search or a look-up shows to the account. Raises TooManyPersons beyond those of a day."""
    if count:
        try:
            spend(scope, persons_of_a_day(), str(scope.actor_id), count)
        except TooManyAttempts as error:
            raise TooManyPersons(error.until) from error


def give_back(scope: Scope, limit: Limit, key: str) -> None:
    """Takes one attempt back that turned out to be right."""
    if scope.is_system:
        return
    Attempt.objects.filter(key=_attempt_key(limit, key), count__gt=0).update(count=F("count") - 1)


def _attempt_key(limit: Limit, key: str) -> bytes:
    return sealer().match_key(LIMIT, f"{limit.name}:{key}")


def note_refusal(scope: Scope, username: str) -> None:
    """A refused sign-in, as many as the limits let through. What was typed may be a password: it is not kept."""
    known = StaffAccount.objects.filter(username__iexact=username).values_list("pk", flat=True).first()
    record(scope, "access:session:refuse", subject=("account", known) if known else None)


def forget_attempts(scope: Scope) -> int:
    """Drops the counts that hold no longer; how many."""
    if not scope.is_system:
        raise NotAllowed
    return Attempt.objects.filter(until__lt=now()).delete()[0]

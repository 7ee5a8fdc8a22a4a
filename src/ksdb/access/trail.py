"""What signing in leaves in the audit trail: who opened a session, how, and which attempts were refused."""

import logging
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from ksdb.audit.actions import record
from ksdb.core.scope import Scope

log = logging.getLogger(__name__)


def scope_in(request: HttpRequest) -> Scope:
    """The scope that the middleware gave the request, or one that allows nothing."""
    given: Scope | None = getattr(request, "scope", None)
    return given or Scope(actor_id=None, address=str(request.META.get("REMOTE_ADDR", "")))


def scope_of_person(request: HttpRequest, user: AbstractBaseUser) -> Scope:
    """In whose name to write while somebody is just signing in."""
    return Scope(actor_id=user.pk, address=scope_in(request).address)


def has_shown_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or confirmed since, with a second factor."""
    records = get_authentication_records(request, request.user)
    return any(entry.get("method") == "mfa" for entry in records)


def note_second_factor(request: HttpRequest, user: AbstractBaseUser, factor: str) -> None:
    """The session counts as confirmed: the person has just proved to hold the factor."""
    record_authentication(request, user, "mfa", type=factor)


def _opened(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    del sender
    scope = scope_of_person(request, user)
    detail = {"second_factor": has_shown_second_factor(request)}
    record(scope, "access:session:open", subject=("account", user.pk), detail=detail)
    if user.is_sealed:
        record(scope, "access:sealed_account:open", subject=("account", user.pk))
        log.critical("ALARM: the sealed account %s was used; see docs/break-glass.md", user.username)


def _closed(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    del sender
    if user is not None:
        record(scope_of_person(request, user), "access:session:close", subject=("account", user.pk))


def _password_changed(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    del sender
    record(scope_of_person(request, user), "access:password:write", subject=("account", user.pk))


def _factor_added(sender: object, request: HttpRequest, user: Any, authenticator: Authenticator, **_: object) -> None:
    del sender
    _note_factor(request, user, "access:second_factor:write", authenticator)


def _factor_removed(sender: object, request: HttpRequest, user: Any, authenticator: Authenticator, **_: object) -> None:
    del sender
    _note_factor(request, user, "access:second_factor:remove", authenticator)


def _codes_made(sender: object, request: HttpRequest, user: Any, authenticator: Authenticator, **_: object) -> None:
    del sender
    _note_factor(request, user, "access:recovery_codes:write", authenticator)


def _factor_used(sender: object, request: HttpRequest, user: Any, authenticator: Authenticator, **_: object) -> None:
    del sender
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _note_factor(request, user, "access:recovery_codes:use", authenticator)


def _factor_refused(sender: object, request: HttpRequest, user: Any, authenticator: Authenticator, **_: object) -> None:
    del sender
    _note_factor(request, user, "access:second_factor:refuse", authenticator)


def _note_factor(request: HttpRequest, user: Any, action: str, authenticator: Authenticator) -> None:
    scope = scope_of_person(request, user)
    record(scope, action, subject=("account", user.pk), detail={"type": authenticator.type})


def listen() -> None:
    """Connects the trail to the library's signals, once, when Django is ready."""
    account_signals.user_logged_in.connect(_opened)
    account_signals.user_logged_out.connect(_closed)
    account_signals.password_changed.connect(_password_changed)
    factor_signals.authenticator_added.connect(_factor_added)
    factor_signals.authenticator_removed.connect(_factor_removed)
    factor_signals.authenticator_reset.connect(_codes_made)
    factor_signals.authenticator_used.connect(_factor_used)
    factor_signals.authentication_failed.connect(_factor_refused)

"""The rooms a signed-in person can go to, in the order of the page's navigation."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.core.scope import Permission, Scope


@dataclass(frozen=True)
class NavigationEntry:
    """A place to go: shown to whom `permission` allows, to all who are signed in when it is None."""

    url_name: str
    label: str | Promise
    permission: Permission | None
    unless: Permission | None = None
    """Whoever has this has a page that shows more."""


@dataclass(frozen=True)
class NavigationLink:
    """An entry as a template shows it."""

    url: str
    label: str | Promise
    is_current: bool


NAVIGATION: list[NavigationEntry] = [
    NavigationEntry("coverage:divisions", _("Coverage"), Permission.COVERAGE_FIGURES_READ),
    NavigationEntry("registry:residents", _("Residents"), Permission.REGISTRY_RESIDENT_READ),
    NavigationEntry("wallet:claims", _("Requests"), Permission.WALLET_CLAIM_DECIDE),
    NavigationEntry("wallet:requests", _("Corrections"), Permission.WALLET_REQUEST_DECIDE),
    NavigationEntry("duplicates:queue", _("Duplicates"), Permission.DUPLICATES_PAIR_DECIDE),
    NavigationEntry("outreach:groups", _("Work at the doors"), Permission.OUTREACH_LIST_READ),
    NavigationEntry("registry:imports", _("Imports"), Permission.REGISTRY_IMPORT_RUN),
    NavigationEntry("cards:batches", _("Print cards"), Permission.CARDS_CARD_PRINT),
    NavigationEntry("visits:points", _("Scan points"), Permission.VISITS_POINT_READ),
    NavigationEntry(
        "visits:own_points", _("My scan points"), Permission.VISITS_DEVICE_ENROL, unless=Permission.VISITS_POINT_READ
    ),
    NavigationEntry("tracing:cases", _("Cases"), Permission.TRACING_CASE_READ),
    NavigationEntry(
        "tracing:ward_lists", _("Contacts"), Permission.TRACING_LIST_READ, unless=Permission.TRACING_CASE_READ
    ),
    NavigationEntry("visits:disputes", _("Disputes"), Permission.VISITS_DISPUTE_DECIDE),
    NavigationEntry("followup:today", _("Follow-up"), Permission.FOLLOWUP_LIST_READ),
    NavigationEntry("followup:chains", _("Chains"), Permission.TRACING_CASE_READ),
    NavigationEntry(
        "followup:drills", _("Drills"), Permission.FOLLOWUP_DRILL_READ, unless=Permission.FOLLOWUP_LIST_READ
    ),
    NavigationEntry("access:accounts", _("Accounts"), Permission.ACCESS_GRANT_WRITE),
    NavigationEntry("approvals:acts", _("Approvals"), Permission.APPROVALS_ACT_READ),
    NavigationEntry("sms:figures", _("Messages"), Permission.SMS_TALLY_READ),
    NavigationEntry("cards:ledger", _("Keys"), Permission.CARDS_KEY_MANAGE),
    NavigationEntry("sms:codes", _("Codes to phones"), Permission.SMS_TALLY_READ),
    NavigationEntry("visits:retention", _("Retention"), Permission.VISITS_DAY_READ),
    NavigationEntry("audit:entries", _("Audit trail"), Permission.AUDIT_ENTRY_READ),
]


def links_for(scope: Scope | None, path: str) -> list[NavigationLink]:
    """The links `scope` may follow; the one `path` lies deepest under is current."""
    places = {entry: url for entry in NAVIGATION if _is_shown(entry, scope) and (url := _url_of(entry))}
    current = max((url for url in places.values() if path.startswith(url)), key=len, default=None)
    return [NavigationLink(url, entry.label, url == current) for entry, url in places.items()]


def _is_shown(entry: NavigationEntry, scope: Scope | None) -> bool:
    if scope is None or (entry.unless is not None and scope.allows(entry.unless)):
        return False
    return entry.permission is None or scope.allows(entry.permission)


def _url_of(entry: NavigationEntry) -> str | None:
    return _address(entry.url_name, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@cache
def _address(url_name: str, urlconf: str, prefix: str) -> str | None:  # noqa: ARG001 - the prefix tells addresses apart
    # Rooms come one by one: an entry whose room has no pages yet is left out.
    try:
        return reverse(url_name, urlconf)
    except NoReverseMatch:
        return None

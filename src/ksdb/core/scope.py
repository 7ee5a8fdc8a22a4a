"""Who may do what, where: permissions, the five roles, and the scope that a request carries.

A permission reads `room:thing:action`; audit actions follow the same grammar.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ksdb.core.errors import NotAllowed, NotFound


class Permission(StrEnum):
    """Everything a person may be allowed to do, in the order of the alphabet."""

    ACCESS_GRANT_WRITE = "access:grant:write"
    APPROVALS_ACT_DECIDE = "approvals:act:decide"
    APPROVALS_ACT_READ = "approvals:act:read"
    AUDIT_ENTRY_READ = "audit:entry:read"
    CARDS_CARD_ISSUE = "cards:card:issue"
    CARDS_CARD_OVERRIDE = "cards:card:override"
    CARDS_CARD_PRINT = "cards:card:print"
    CARDS_CARD_REVOKE = "cards:card:revoke"
    CARDS_KEY_MANAGE = "cards:key:manage"
    COVERAGE_FIGURES_READ = "coverage:figures:read"
    DUPLICATES_PAIR_DECIDE = "duplicates:pair:decide"
    ENROLMENT_PLACE_DECIDE = "enrolment:place:decide"
    FOLLOWUP_CONTACT_WRITE = "followup:contact:write"
    FOLLOWUP_DRILL_READ = "followup:drill:read"
    FOLLOWUP_LIST_EXPORT = "followup:list:export"
    FOLLOWUP_LIST_READ = "followup:list:read"
    OUTREACH_HELPER_ASSIGN = "outreach:helper:assign"
    OUTREACH_LIST_READ = "outreach:list:read"
    OUTREACH_LIST_TAKE = "outreach:list:take"
    OUTREACH_NOTE_WRITE = "outreach:note:write"
    PLACES_DIVISION_READ = "places:division:read"
    PLACES_DIVISION_WRITE = "places:division:write"
    REGISTRY_HOUSEHOLD_READ = "registry:household:read"
    REGISTRY_IMPORT_RUN = "registry:import:run"
    REGISTRY_RESIDENT_EXPORT = "registry:resident:export"
    REGISTRY_RESIDENT_READ = "registry:resident:read"
    REGISTRY_RESIDENT_WRITE = "registry:resident:write"
    SMS_TALLY_READ = "sms:tally:read"
    TRACING_CASE_READ = "tracing:case:read"
    TRACING_CASE_WRITE = "tracing:case:write"
    TRACING_LIST_READ = "tracing:list:read"
    TRACING_RULES_WRITE = "tracing:rules:write"
    TRACING_TRACE_EXPORT = "tracing:trace:export"
    VISITS_DAY_DELETE = "visits:day:delete"
    VISITS_DAY_READ = "visits:day:read"
    VISITS_DEVICE_ENROL = "visits:device:enrol"
    VISITS_DISPUTE_DECIDE = "visits:dispute:decide"
    VISITS_DISPUTE_WRITE = "visits:dispute:write"
    VISITS_POINT_READ = "visits:point:read"
    VISITS_POINT_WRITE = "visits:point:write"
    WALLET_CLAIM_DECIDE = "wallet:claim:decide"
    WALLET_REQUEST_DECIDE = "wallet:request:decide"
    WALLET_SHEET_PRINT = "wallet:sheet:print"


class Purpose(StrEnum):
    """Why a person's record is read; written beside the reader's name in the audit trail."""

    AUDIT = "audit"
    CARD_SERVICE = "card_service"
    CASE_TRACING = "case_tracing"
    CORRECTION = "correction"
    REGISTRATION = "registration"
    SUBJECT_REQUEST = "subject_request"


class Role(StrEnum):
    """The five roles a grant can give."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    EPIDEMIOLOGIST = "epidemiologist"
    POINT_OWNER = "point_owner"
    WARD_OFFICER = "ward_officer"


P = Permission
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(P)
    - {
        P.AUDIT_ENTRY_READ,
        P.FOLLOWUP_CONTACT_WRITE,
        P.FOLLOWUP_LIST_EXPORT,
        P.FOLLOWUP_LIST_READ,
        P.REGISTRY_HOUSEHOLD_READ,
        P.TRACING_CASE_READ,
        P.TRACING_CASE_WRITE,
        P.TRACING_LIST_READ,
        P.TRACING_RULES_WRITE,
        P.TRACING_TRACE_EXPORT,
        P.VISITS_DISPUTE_DECIDE,
        P.VISITS_DISPUTE_WRITE,
        P.WALLET_SHEET_PRINT,
    },
    Role.AUDITOR: frozenset(
        {
            P.APPROVALS_ACT_READ,
            P.AUDIT_ENTRY_READ,
            P.COVERAGE_FIGURES_READ,
            P.PLACES_DIVISION_READ,
            P.SMS_TALLY_READ,
            P.VISITS_DAY_READ,
        }
    ),
    Role.EPIDEMIOLOGIST: frozenset(
        {
            P.APPROVALS_ACT_DECIDE,
            P.APPROVALS_ACT_READ,
            P.COVERAGE_FIGURES_READ,
            P.FOLLOWUP_CONTACT_WRITE,
            P.FOLLOWUP_DRILL_READ,
            P.FOLLOWUP_LIST_EXPORT,
            P.FOLLOWUP_LIST_READ,
            P.PLACES_DIVISION_READ,
            P.REGISTRY_HOUSEHOLD_READ,
            P.REGISTRY_RESIDENT_READ,
            P.TRACING_CASE_READ,
            P.TRACING_CASE_WRITE,
            P.TRACING_LIST_READ,
            P.TRACING_RULES_WRITE,
            P.TRACING_TRACE_EXPORT,
            P.VISITS_DISPUTE_DECIDE,
            P.VISITS_DISPUTE_WRITE,
            P.VISITS_POINT_READ,
        }
    ),
    Role.POINT_OWNER: frozenset({P.PLACES_DIVISION_READ, P.VISITS_DEVICE_ENROL}),
    Role.WARD_OFFICER: frozenset(
        {
            P.APPROVALS_ACT_READ,
            P.CARDS_CARD_ISSUE,
            P.CARDS_CARD_PRINT,
            P.CARDS_CARD_REVOKE,
            P.COVERAGE_FIGURES_READ,
            P.DUPLICATES_PAIR_DECIDE,
            P.ENROLMENT_PLACE_DECIDE,
            P.FOLLOWUP_CONTACT_WRITE,
            P.FOLLOWUP_LIST_EXPORT,
            P.FOLLOWUP_LIST_READ,
            P.OUTREACH_HELPER_ASSIGN,
            P.OUTREACH_LIST_READ,
            P.OUTREACH_LIST_TAKE,
            P.OUTREACH_NOTE_WRITE,
            P.PLACES_DIVISION_READ,
            P.REGISTRY_HOUSEHOLD_READ,
            P.REGISTRY_IMPORT_RUN,
            P.REGISTRY_RESIDENT_EXPORT,
            P.REGISTRY_RESIDENT_READ,
            P.REGISTRY_RESIDENT_WRITE,
            P.TRACING_LIST_READ,
            P.VISITS_DEVICE_ENROL,
            P.VISITS_DISPUTE_WRITE,
            P.VISITS_POINT_READ,
            P.VISITS_POINT_WRITE,
            P.WALLET_CLAIM_DECIDE,
            P.WALLET_REQUEST_DECIDE,
            P.WALLET_SHEET_PRINT,
        }
    ),
}

WITHOUT_SECOND_FACTOR = frozenset(
    {
        P.COVERAGE_FIGURES_READ,
        P.PLACES_DIVISION_READ,
        P.SMS_TALLY_READ,
        P.VISITS_DEVICE_ENROL,
        P.VISITS_POINT_READ,
        P.VISITS_POINT_WRITE,
    }
)
NEEDS_SECOND_FACTOR = frozenset(P) - WITHOUT_SECOND_FACTOR
"""What a password alone never opens: whatever shows a person, signs a card or gives rights; new permissions too."""

PROVINCE_ONLY = frozenset(
    {
        P.AUDIT_ENTRY_READ,
        P.CARDS_KEY_MANAGE,
        P.PLACES_DIVISION_WRITE,
        P.SMS_TALLY_READ,
        P.TRACING_RULES_WRITE,
        P.VISITS_DAY_DELETE,
        P.VISITS_DAY_READ,
    }
)
"""What is of the whole province and cannot be cut: only a grant on the province itself gives it."""
del P


@dataclass(frozen=True)
class Scope:
    """What one actor may do, and where.

    `divisions` maps a permission to the divisions it was granted on; access cascades to everything inside them
    (`division_containment`). `actor_id` is None for the system's own jobs. `actor_name` is the sign-in name, for the
    audit trail. `own` are the residents whose cards the holder of a phone keeps: for them alone he acts, and without
    any permission.
    """

    actor_id: int | None
    divisions: Mapping[Permission, frozenset[int]] = field(default_factory=dict)
    is_system: bool = False
    address: str = ""
    actor_name: str = ""
    own: frozenset[int] = frozenset()

    def allows(self, permission: Permission) -> bool:
        return self.is_system or bool(self.divisions.get(permission))

    def require(self, permission: Permission) -> None:
        if not self.allows(permission):
            raise NotAllowed

    def require_own(self, resident_id: int) -> None:
        """Raises NotFound unless the holder of a phone keeps this resident's card; for the system's scope, too."""
        if resident_id not in self.own:
            raise NotFound

    def without(self, permissions: frozenset[Permission]) -> "Scope":
        """The same scope with these permissions taken out."""
        return replace(self, divisions={p: ids for p, ids in self.divisions.items() if p not in permissions})

    def outer(self, permission: Permission) -> list[int] | None:
        """The divisions granted for `permission`, or None for the system, which sees everything."""
        if self.is_system:
            return None
        self.require(permission)
        return sorted(self.divisions[permission])


def system_scope() -> Scope:
    """The scope of jobs and commands run on the server itself."""
    return Scope(actor_id=None, is_system=True)

"""Rule sets as the province writes them: every edit is a new version, none ever changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.tracing.models import RuleSet

WRITE = Permission.TRACING_RULES_WRITE


class RulesTaken(KsdbError):
    """There is a rule set of this code already, or somebody has changed it meanwhile. Look at it, then try again."""

    code = "rules_taken"
    status = 409


@dataclass(frozen=True)
class Rules:
    """What a version says, in minutes and days. With a window the stays' minutes count for nothing.

    `by_type` tells the minutes at some types of points: the least together, or the window.
    """

    name: str
    least_minutes: int
    linger_minutes: int
    latent_days: int
    window_minutes: int | None
    note: str
    by_type: Mapping[str, int] = field(default_factory=dict)


def add_rules(scope: Scope, code: str, rules: Rules) -> RuleSet:
    """The first version of a new rule set. Raises RulesTaken."""
    scope.require(WRITE)
    if RuleSet.objects.filter(code=code).exists():
        raise RulesTaken
    return _version(scope, code, 1, rules)


def change_rules(scope: Scope, code: str, version: int, rules: Rules) -> RuleSet:
    """The version after `version`, which the writer had before him; offered again if it was retired."""
    scope.require(WRITE)
    if _latest(code).version != version:
        raise RulesTaken
    return _version(scope, code, version + 1, rules)


def retire_rules(scope: Scope, code: str) -> None:
    """Offers the rule set no more. What was traced by it stands."""
    scope.require(WRITE)
    latest = _latest(code)
    RuleSet.objects.filter(pk=latest.pk).update(is_retired=True)
    record(scope, "tracing:rules:retire", ("rule_set", latest.pk))


def _latest(code: str) -> RuleSet:
    found = RuleSet.objects.filter(code=code).order_by("-version").first()
    if found is None:
        raise NotFound
    return found


@transaction.atomic
def _version(scope: Scope, code: str, version: int, rules: Rules) -> RuleSet:
    made = RuleSet(
        code=code,
        version=version,
        least_minutes=rules.least_minutes,
        linger_minutes=rules.linger_minutes,
        latent_days=rules.latent_days,
        window_minutes=rules.window_minutes,
        by_type=dict(rules.by_type),
        name=rules.name,
        note=rules.note,
        made_at=now(),
        made_by_id=scope.actor_id,
    )
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise RulesTaken from error
    record(scope, WRITE, ("rule_set", made.pk), detail={"code": code, "version": version})
    return made

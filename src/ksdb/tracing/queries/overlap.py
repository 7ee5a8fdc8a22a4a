"""What a version of a rule set means to the engines."""

from dataclasses import replace
from datetime import timedelta

from ksdb.core.copresence import OverlapRule
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import ScanPoint
from ksdb.tracing.exposures import units
from ksdb.tracing.models import RuleSet


def overlap_of(scope: Scope, rules: RuleSet) -> OverlapRule:
    """What the version means to the engines, in their units, with a rule of its own at each point of a special type."""
    scope.require(Permission.TRACING_CASE_READ)
    every = _overlap(rules, None)
    if not rules.by_type:
        return every
    special = {code: _overlap(rules, minutes) for code, minutes in rules.by_type.items()}
    points = ScanPoint.objects.filter(type_id__in=special).values_list("pk", "type_id")
    return replace(every, special={point_id: special[code] for point_id, code in points})


def _overlap(rules: RuleSet, there: int | None) -> OverlapRule:
    """The rule, with the minutes that count at one type of point, where it has its own."""
    least, window = rules.least_minutes, rules.window_minutes
    if there is not None:
        least, window = (least, there) if window else (there, None)
    least, linger, window = (units(timedelta(minutes=one or 0)) for one in (least, rules.linger_minutes, window))
    return OverlapRule(least, linger, window)

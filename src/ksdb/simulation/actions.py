"""Writes of the demo town, by the same actions that staff use."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ksdb.access.actions import give_grant, make_account
from ksdb.cards.actions import activate_cards, change_status, issue_cards
from ksdb.cards.life import Reason
from ksdb.core.clock import today
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Scope
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.simulation.loading import ERA, clock_time
from ksdb.simulation.points import KINDS
from ksdb.simulation.town import BUSY_POINTS, STAFF, Plan, Town
from ksdb.visits.actions import enrol_device

Progress = Callable[[int, int], None]


def make_staff(scope: Scope, password: str) -> None:
    """The demo's accounts, each with one password and its grants."""
    for username, full_name, roles, place in STAFF:
        division = Division.objects.exclude(kind=Division.Kind.DISTRICT).filter(name=place).latest("valid_from")
        account = make_account(scope, username, full_name, password, unit=place)
        for role in roles:
            give_grant(scope, account, role, division.pk, today())


def give_cards(scope: Scope, plan: Plan, ids: NDArray[np.int32], progress: Progress) -> dict[int, str]:
    """Issues and activates the cards of the plan; the token of each resident's card, by resident id."""
    tokens: dict[int, str] = {}
    index_of: dict[int, int] = {}
    total = sum(rows.size for rows in plan.forms.values())
    for form, rows in plan.forms.items():
        for card in issue_cards(scope, ids[rows].tolist(), form):
            tokens[card.resident_id], index_of[card.resident_id] = card.token, card.index
            if len(tokens) % 1000 == 0:
                progress(len(tokens), total)
    asleep = set(ids[plan.stay_issued].tolist())
    activate_cards(scope, [index for resident, index in index_of.items() if resident not in asleep])
    for resident in ids[plan.revoked].tolist():
        change_status(scope, index_of[resident], CardStatus.REVOKED, Reason.LOST)
    progress(total, total)
    return tokens


def open_points(scope: Scope, made: Town) -> list[ScanPoint]:
    """Registers the town's scan points, in the order of the arrays."""
    points = made.points
    codes = [commune.code for commune in made.communes]
    ids = dict(
        Division.objects.filter(kind=Division.Kind.COMMUNE, valid_from=ERA, code__in=codes).values_list("code", "id")
    )
    rows = [
        ScanPoint(
            name=points.name[i],
            type_id=KINDS[points.kind[i]].code,
            division_id=ids[codes[points.commune[i]]],
            latitude=float(points.lat[i]),
            longitude=float(points.lon[i]),
            opens_at=clock_time(int(points.opens[i])),
            closes_at=clock_time(int(points.closes[i])),
            usual_stay_minutes=int(points.stay[i]),
            is_sensitive=bool(points.is_sensitive[i]),
        )
        for i in range(len(points))
    ]
    return make_points(scope, rows)


def enrol_devices(scope: Scope, points: Sequence[ScanPoint], made: Town) -> list[list[str]]:
    """One device at each point, two at the busiest: the tokens of each point's devices."""
    busy = np.quantile(made.points.popularity, 1 - BUSY_POINTS)
    counts = np.where(made.points.popularity >= busy, 2, 1).tolist()
    return [
        [enrol_device(scope, point.pk, f"{place + 1}")[1] for place in range(count)]
        for point, count in zip(points, counts, strict=True)
    ]

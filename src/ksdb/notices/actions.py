"""Writes of notices: made, sent by whatever ways there are within a budget, followed, read; and subscriptions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet

from ksdb.access.sealing import sealer
from ksdb.audit.actions import record_deleted, record_many
from ksdb.config import settings
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.notices.kinds import Channel, Kind, State, Way
from ksdb.notices.models import Delivery, Notice, Subscription
from ksdb.notices.push import (
    UNREACHABLE,
    Address,
    PushFailed,
    PushServiceUnknown,
    SubscriptionGone,
    is_known_service,
    push_to,
)
from ksdb.notices.queries import reach_of, subscriptions_of, type_names
from ksdb.notices.reaching import Reach
from ksdb.notices.words import pushed, words_of
from ksdb.sms.actions import NoCarrier, send_text
from ksdb.sms.queries import fates_of

URGENT, USUAL = 0, 10
HURRY = {Kind.EXPOSURE, Kind.CARD_LOST, Kind.CARD_KEPT, Kind.CARD_MOVED}
QUIET_FROM, QUIET_UNTIL = 21, 7
"""At night only what is urgent wakes anybody."""

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MOST_TRIES = 6
PUSH_SECONDS = 20.0
"""So long a run of the minute pushes; the rest waits for the next, and urgent messages never for them."""

MOST_SUBSCRIPTIONS = 10


@transaction.atomic
def make_notices(scope: Scope, kind: Kind, key: str, facts: Mapping[int, Mapping[str, object]]) -> int:
    """To tell each of these residents something, each its own facts; how many had not been told before.

    The caller has checked that he may tell them.
    """
    known = set(Notice.objects.filter(kind=kind, key=key, resident__in=facts).values_list("resident_id", flat=True))
    new = [number for number in facts if number not in known]
    priority = URGENT if kind in HURRY else USUAL
    Notice.objects.bulk_create(
        (
            Notice(
                kind=kind,
                resident_id=number,
                key=key,
                facts=dict(facts[number]),
                priority=priority,
                made_at=now(),
                made_by_id=scope.actor_id,
            )
            for number in new
        ),
        ignore_conflicts=True,
        batch_size=1_000,
    )
    record_many(scope, "notices:notice:make", [("resident", number) for number in new], detail={"kind": kind.value})
    return len(new)


def send_notices(scope: Scope) -> int:
    """Sends what waits, the urgent first, as many as the budget of the minute has left; how many went some way."""
    if not scope.is_system:
        raise NotAllowed
    told = 0
    for notice in _waiting()[: settings().notices_per_minute]:
        if _left() <= 0:
            break
        told += _tell(scope, notice)
    _push_what_waits(scope)
    return told


def _left() -> int:
    """Of the messages of this minute. Pushes cost nothing and wait for nobody."""
    sent = Delivery.objects.filter(channel=Channel.SMS, made_at__gt=now() - MINUTE).count()
    return settings().notices_per_minute - sent


def _waiting() -> QuerySet[Notice]:
    waiting = Notice.objects.filter(state=State.WAITING).order_by("priority", "id")
    return waiting.filter(priority=URGENT) if _is_night(now()) else waiting


def _is_night(at: datetime) -> bool:
    hour = at.astimezone(ZONE).hour
    return hour >= QUIET_FROM or hour < QUIET_UNTIL


@transaction.atomic
def _tell(scope: Scope, waiting: Notice) -> int:
    """To every phone that keeps the person's card, and to the number in the registry; one where there was a way."""
    notice = Notice.objects.select_for_update(skip_locked=True).filter(pk=waiting.pk, state=waiting.state).first()
    if notice is None:
        return 0
    reach = reach_of(scope, notice.resident_id)
    ways = _texted(scope, notice, reach) + [
        Delivery(channel=Channel.PUSH, subscription=one, next_at=now())
        for one in subscriptions_of(scope, sorted(reach.owners))[:MOST_SUBSCRIPTIONS]
    ]
    for way in ways:
        way.notice, way.made_at, way.changed_at = notice, now(), now()
    Delivery.objects.bulk_create(ways)
    has_way = any(way.state != Way.FAILED for way in ways)
    notice.state, notice.told_at = (State.TOLD, now()) if has_way else (State.UNREACHABLE, None)
    notice.save(update_fields=["state", "told_at"])
    return int(has_way)


def _texted(scope: Scope, notice: Notice, reach: Reach) -> list[Delivery]:
    place = type_names(scope).get((str(notice.facts.get("type")), reach.language), "")
    body = words_of(notice.kind, notice.facts, place, reach.language).message
    ways = []
    for phone in sorted(reach.phones):
        try:
            text_id = send_text(scope, phone, body, hurries=False)
        except NoCarrier as error:
            ways.append(Delivery(channel=Channel.SMS, state=Way.FAILED, failure=error.code))
        else:
            ways.append(Delivery(channel=Channel.SMS, state=Way.WAITING, text_id=text_id))
    return ways


def _push_what_waits(scope: Scope) -> None:
    """The urgent first. A service that cannot be reached is not knocked at again in this run."""
    due = Delivery.objects.filter(channel=Channel.PUSH, state=Way.WAITING, next_at__lte=now())
    until, silent = monotonic() + PUSH_SECONDS, set[str]()
    for way in due.select_related("subscription", "notice").order_by("notice__priority", "id")[:500]:
        if monotonic() > until:
            break
        service = urlsplit(way.subscription.endpoint).netloc if way.subscription else ""
        if service in silent:
            Delivery.objects.filter(pk=way.pk).update(next_at=now() + MINUTE)
        elif _push(scope, way) == UNREACHABLE:
            silent.add(service)


def _push(scope: Scope, way: Delivery) -> str:
    """Why it did not go. Tried again later and later; a browser that takes none any more is forgotten."""
    way.attempts += 1
    way.changed_at = now()
    try:
        if way.subscription is None:
            raise SubscriptionGone  # noqa: TRY301 - it went while this one waited
        push_to(_address(way.subscription), pushed(way.subscription.language))
    except SubscriptionGone:
        way.state, way.failure = Way.FAILED, "gone"
        if way.subscription is not None:
            forget_subscription(scope, way.subscription.owner, way.subscription.endpoint)
            way.subscription = None
    except PushFailed as error:
        way.failure = str(error)[:40]
        way.next_at = now() + MINUTE * 2**way.attempts
        way.state = Way.FAILED if way.attempts >= MOST_TRIES else Way.WAITING
    else:
        way.state, way.failure = Way.SENT, ""
    way.save(update_fields=["attempts", "changed_at", "state", "failure", "subscription", "next_at"])
    return way.failure


def _address(kept: Subscription) -> Address:
    return Address(kept.endpoint, bytes(kept.public_point), bytes(kept.shared_secret))


def follow_texts(scope: Scope) -> int:
    """What became of the messages, while the outbox still knows; how many changed."""
    open_ways: QuerySet[Delivery] = Delivery.objects.filter(
        channel=Channel.SMS, state__in=[Way.WAITING, Way.SENT], made_at__gt=now() - DAY
    )
    ways = {way.text_id: way for way in open_ways if way.text_id is not None}
    changed = []
    for text_id, fate in fates_of(scope, list(ways)).items():
        way = ways[text_id]
        if (way.state, way.failure) != (fate.state, fate.failure):
            way.state, way.failure, way.changed_at = Way(fate.state), fate.failure, fate.at or now()
            changed.append(way)
    Delivery.objects.bulk_update(changed, ["state", "failure", "changed_at"], batch_size=500)
    return len(changed)


def mark_read(scope: Scope, resident_ids: Sequence[int]) -> None:
    """The resident has seen his notices."""
    for one in resident_ids[:1]:
        scope.require_own(one)
    Notice.objects.filter(resident_id__in=resident_ids, read_at=None).update(read_at=now())


def keep_subscription(scope: Scope, owner: int, endpoint: str, keys: tuple[bytes, bytes], language: str) -> None:
    """From now on this browser takes pushes for its owner. Raises PushServiceUnknown."""
    if not is_known_service(endpoint) or not scope.actor_name:
        raise PushServiceUnknown
    Subscription.objects.update_or_create(
        endpoint_key=sealer().match_key("push_endpoint", endpoint),
        defaults={
            "owner": owner,
            "endpoint": endpoint,
            "public_point": keys[0],
            "shared_secret": keys[1],
            "language": language,
            "made_at": now(),
        },
    )
    kept = Subscription.objects.filter(owner=owner).order_by("-made_at", "-id")
    Subscription.objects.filter(pk__in=[one.pk for one in kept[MOST_SUBSCRIPTIONS:]]).delete()


def forget_subscription(scope: Scope, owner: int, endpoint: str) -> None:
    """This browser takes no more, for this owner or for anybody."""
    if scope.is_system or scope.actor_name:
        Subscription.objects.filter(owner=owner, endpoint_key=sealer().match_key("push_endpoint", endpoint)).delete()


def forget_subscriptions(scope: Scope, owners: Sequence[int]) -> int:
    """None of these takes any more, in whatever browser; how many there were."""
    if not (scope.is_system or scope.actor_name):
        raise NotAllowed
    return Subscription.objects.filter(owner__in=owners).delete()[0]


@transaction.atomic
def forget_notices(scope: Scope) -> int:
    """Deletes notices that are older than what visits are kept, with their ways; how many."""
    if not scope.is_system:
        raise NotAllowed
    over = now() - timedelta(days=settings().retention_days * 2)
    count = Notice.objects.filter(made_at__lt=over).delete()[1].get("notices.Notice", 0)
    return record_deleted(scope, "notices:notice:forget", count)

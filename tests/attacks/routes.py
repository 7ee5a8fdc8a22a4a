"""Every address of the site, found in the URL resolver, and which object each number in one names.

A room that comes with a new parameter fails the tests here until somebody says below what object it takes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern
from tests.attacks.world import World
from tests.house.methods import takes

from ksdb.core.scope import Permission

OBJECTS: Mapping[str, Callable[[World], Any]] = {
    "resident_id": lambda world: world.person.pk,
    "import_id": lambda world: world.source.pk,
    "batch_id": lambda world: world.batch.pk,
    "part_number": lambda _world: 1,
    "index": lambda world: world.card.pk,
    "case_id": lambda world: world.case.pk,
    "trace_id": lambda world: world.trace.pk,
    "contact_id": lambda world: world.contact.pk,
    "account_id": lambda world: world.account.pk,
    "grant_id": lambda world: world.grant.pk,
    "act_id": lambda world: world.act.pk,
    "pair_id": lambda world: world.pair.pk,
    "group_id": lambda world: world.person.division_id,
    "point_id": lambda world: world.point.pk,
    "device_id": lambda world: world.device.pk,
    "place_id": lambda world: world.place.pk,
    "note_id": lambda world: world.note.pk,
    "meeting_id": lambda world: world.contact.co_presences.get().pk,
    "report_id": lambda world: world.report.pk,
    "list_id": lambda world: world.ward_list.pk,
    "dispute_id": lambda world: world.dispute.pk,
    "request_id": lambda world: world.request.pk,
    "claim_id": lambda world: world.claim.pk,
    "follow_up_id": lambda world: world.follow_up.pk,
}
"""What each parameter of an address names. Everything here belongs to a division."""

METHODS = ("get", "post")

KEYS: Mapping[str, Any] = {
    "session_id": 987_654_321,
    "pk": 987_654_321,
    "token": "no-such-invitation",
    "rules_code": "no-such-rules",
    "name": "no-such-guide",
}
"""Parameters that name nothing of a division, with a value that is none: one's own sessions and passkeys, a secret,
rules of the whole province, a guide."""


@dataclass(frozen=True)
class Route:
    """One address of the site."""

    name: str
    view: Any
    parameters: tuple[str, ...]

    @property
    def permission(self) -> Permission | None:
        return getattr(self.view, "required_permission", None)

    @property
    def is_open(self) -> bool:
        return hasattr(self.view, "is_open")

    @property
    def is_own(self) -> bool:
        """Everyone's own account: it names nobody else."""
        return hasattr(self.view, "is_own")

    @property
    def is_for_phones(self) -> bool:
        """A resident's own page, behind a session that no account has."""
        return hasattr(self.view, "is_for_phones")

    @property
    def names_an_object(self) -> bool:
        return any(name in OBJECTS for name in self.parameters)

    def methods(self) -> tuple[str, ...]:
        """GET and POST, without the one that is answered before the view is asked."""
        return tuple(method for method in METHODS if takes(self.view, method))

    def path(self, world: World) -> str:
        """The address of what `world` holds."""
        return reverse(self.name, kwargs={name: self._value(name, world) for name in self.parameters})

    def path_of(self, value: object) -> str:
        """The address with the same value for every parameter."""
        return reverse(self.name, kwargs=dict.fromkeys(self.parameters, value))

    @staticmethod
    def _value(name: str, world: World) -> Any:
        return OBJECTS[name](world) if name in OBJECTS else KEYS[name]


def _routes(resolver: URLResolver, spaces: tuple[str, ...], outer: tuple[str, ...]) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        parameters = (*outer, *_parameters(entry.pattern))
        if isinstance(entry, URLPattern):
            yield Route(":".join((*spaces, entry.name or repr(entry.pattern))), entry.callback, parameters)
        else:
            yield from _routes(entry, (*spaces, entry.namespace) if entry.namespace else spaces, parameters)


def _parameters(pattern: Any) -> tuple[str, ...]:
    return tuple(pattern.regex.groupindex) if isinstance(pattern, RegexPattern) else tuple(pattern.converters)


ROUTES = tuple(_routes(get_resolver(), (), ()))
CLOSED = tuple(route for route in ROUTES if not (route.is_open or route.is_own or route.is_for_phones))

"""The tabs at the foot of a resident's pages, in their order; a page names its own as `tab`."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Tab:
    """A place to go; `icon` names a symbol of `wallet/icons.svg`."""

    name: str
    url_name: str
    label: str | Promise
    icon: str
    inner: tuple[str, ...] = ()
    """Pages behind it."""


TABS: list[Tab] = [
    Tab("card", "wallet:card", _("My card"), "card"),
    Tab("visits", "wallet:visits", _("My visits"), "way", ("dispute",)),
    Tab("notices", "wallet:notices", _("Notices"), "bell"),
    Tab("data", "wallet:data", _("My data"), "self", ("readers", "correct", "declaration")),
    Tab("members", "wallet:members", _("My household"), "people"),
]

"""Names this room to Django."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "ksdb.outreach"
    label = "outreach"

    def ready(self) -> None:
        from ksdb.cards.queries.gone import GONE_FINDERS
        from ksdb.outreach.queries import needing_no_card

        GONE_FINDERS.append(needing_no_card)

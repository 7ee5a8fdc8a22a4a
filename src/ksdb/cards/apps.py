"""Names this room to Django."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "ksdb.cards"
    label = "cards"

    def ready(self) -> None:
        from ksdb.cards.acts import register
        from ksdb.cards.alarms import ledger_alarm
        from ksdb.cards.queries import holder_by_number
        from ksdb.registry.searching import CARD_FINDERS
        from ksdb.web.alarms import ALARMS

        register()
        ALARMS.append(ledger_alarm)
        CARD_FINDERS.append(holder_by_number)

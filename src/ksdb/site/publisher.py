"""The process that publishes status lists: it hears of each change of a card and signs a new list within seconds."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg

LOOK_SECONDS: Final = 30.0
"""So often it looks unasked: a notification may be lost, and a list has to stay fresh."""
GATHER_SECONDS: Final = 1.0
"""What comes together is published together."""
PAUSE_SECONDS: Final = 3.0
"""Between two lists, so that a busy day does not keep a core at work; a change waits five seconds at most."""
RETRY_SECONDS: Final = 2.0
TOLD_BY: Final = frozenset({"card", "issuer_key", "trust_list"})

_log = logging.getLogger(__name__)


def run(url: str, is_over: Callable[[], bool] = lambda: False) -> None:
    """Publishes until `is_over`. The database may go and come back."""
    from django.db import DatabaseError, close_old_connections

    while not is_over():
        try:
            _session(url, is_over)
        except (psycopg.Error, DatabaseError) as error:
            _log.warning("no status list for now: %s", type(error).__name__)
            close_old_connections()
            time.sleep(RETRY_SECONDS)


def _session(url: str, is_over: Callable[[], bool]) -> None:
    """One life of the listening connection. Listens before it publishes, so that nothing falls between the two."""
    with psycopg.connect(url, autocommit=True, application_name="ksdb publisher") as news:
        news.execute("LISTEN ksdb_known")
        _publish()
        while not is_over():
            if _is_told(news, time.monotonic() + LOOK_SECONDS):
                list(news.notifies(timeout=GATHER_SECONDS))
            _publish()
            time.sleep(PAUSE_SECONDS)


def _is_told(news: psycopg.Connection[Any], deadline: float) -> bool:
    """Waits until something changes that a list says, or until the deadline; whether it was told.

    What devices do comes over the same channel, many times a minute on a busy day: it must not put off the deadline.
    """
    while (left := deadline - time.monotonic()) > 0:
        if {notice.payload for notice in news.notifies(timeout=left, stop_after=1)} & TOLD_BY:
            return True
    return False


def _publish() -> None:
    from ksdb.cards.actions.publishing import NoStatusKey, publish_status_list
    from ksdb.core.scope import system_scope

    try:
        published = publish_status_list(system_scope())
    except NoStatusKey as error:
        _log.warning(error.sentence())
        return
    if published:
        _log.info("status list %s: %s cards differ", published.serial, published.changed)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ksdb.site.settings")
    django.setup()
    from ksdb.config import settings

    run(settings().site_url)


if __name__ == "__main__":
    main()

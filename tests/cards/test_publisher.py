"""The publisher of status lists wakes for cards alone, and in time whatever else is told."""

import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import connection

from ksdb.site.publisher import _is_told


def session() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    return psycopg.connect(
        dbname=parameters["dbname"], host=parameters.get("host"), user=parameters.get("user"), autocommit=True
    )


@pytest.mark.django_db
def test_devices_that_tell_all_the_time_put_off_no_list() -> None:
    over = threading.Event()

    def devices() -> None:
        with session() as busy:
            while not over.is_set():
                busy.execute("NOTIFY ksdb_known, 'device'")
                over.wait(0.02)

    with session() as news:
        news.execute("LISTEN ksdb_known")
        chatter = threading.Thread(target=devices)
        chatter.start()
        try:
            started = time.monotonic()
            assert not _is_told(news, started + 0.4)
            assert 0.4 <= time.monotonic() - started < 2
            with session() as desk:
                desk.execute("NOTIFY ksdb_known, 'card'")
            assert _is_told(news, time.monotonic() + 30)
        finally:
            over.set()
            chatter.join()

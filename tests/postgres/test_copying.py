"""Rows taken out by COPY below psycopg: all of them, in blocks, and the connection goes on after an error."""

import numpy as np
import psycopg
import pytest
from django.db import connection

from ksdb.postgres import copying
from ksdb.postgres.copying import binary_dtype, copied

pytestmark = pytest.mark.django_db
ROW = binary_dtype((("n", ">i4"),))


def test_every_row_comes_once_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "BLOCK_BYTES", 1000)
    text = "COPY (SELECT n::int FROM generate_series(1, %(most)s) n) TO STDOUT (FORMAT binary)"
    for most in (0, 1, 5000):
        blocks = [np.frombuffer(block, ROW)["n"] for block in copied(connection, text, {"most": most})]
        assert np.concatenate(blocks).tolist() == list(range(1, most + 1))
    assert len(blocks) > 40


def test_an_error_on_the_way_is_raised_and_the_connection_goes_on() -> None:
    text = "COPY (SELECT 1 / (n - 4000) FROM generate_series(1, 5000) n) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        for wrong in (text, "COPY (SELECT nothing) TO STDOUT (FORMAT binary)"):
            with pytest.raises((psycopg.errors.DivisionByZero, psycopg.errors.UndefinedColumn)):
                list(copied(connection, wrong, {}))
            cursor.execute("ROLLBACK TO SAVEPOINT before")
        rows = copied(connection, text.replace("4000", "5001"), {})
        next(rows)
        rows.close()  # nobody wants the rest
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

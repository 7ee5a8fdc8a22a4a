"""A small town for the gateway: its database holds numbers only, so the rows behind cards and devices are left out."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from psycopg import sql

from ksdb.core.decision import CardStatus
from ksdb.core.token import Claims, Form, sign_token

KID, STATUS_KID, FUTURE_KID = 7, 8, 9
KEY = ec.generate_private_key(ec.SECP256R1())
MARKET, SCHOOL = 31, 32
MARKET_TOKEN, SCHOOL_TOKEN, LOST_TOKEN = "market-device-secret", "school-device-secret", "lost-device-secret"
LAN, NEW, HELD, LOST, OLD, ASKED, NOBODY = 1000, 1001, 1002, 1003, 1004, 1005, 1006
"""Cards, by their state: active, issued, suspended, revoked, expired, attention; and a number that no card has."""

STATES = {
    LAN: CardStatus.ACTIVE,
    NEW: CardStatus.ISSUED,
    HELD: CardStatus.SUSPENDED,
    LOST: CardStatus.REVOKED,
    OLD: CardStatus.EXPIRED,
    ASKED: CardStatus.ATTENTION,
}
DAY_MS = 86_400_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def token_of(card_index: int, kid: int = KID, lasts_seconds: int = 86_400) -> str:
    return sign_token(Claims(card_index, Form.PAPER, int(time.time()) + lasts_seconds), kid, KEY)


def resident_of(card_index: int) -> int:
    return card_index + 50_000


@dataclass(frozen=True)
class Town:
    """The town's database, and a connection to look into it."""

    url: str
    connection: psycopg.Connection

    @classmethod
    @contextmanager
    def at(cls, url: str) -> Iterator["Town"]:
        with psycopg.connect(url, autocommit=True) as connection:
            yield cls(url, connection)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def visits(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT device_id, sequence, card_index, resident_id, result FROM visit ORDER BY 1, 2")

    def refusals(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT device_id, sequence, reason, card_index FROM refusal ORDER BY 1, 2")

    def set_status(self, card_index: int, status: CardStatus) -> None:
        self.rows('UPDATE card SET status = %s, status_since = now() WHERE "index" = %s', status, card_index)

    def add_device(self, number: int, token: str, point: int) -> None:
        self.rows(
            "INSERT INTO device (id, point_id, name, token_sha256, enrolled_at) VALUES (%s, %s, '', %s, now())",
            number,
            point,
            hashlib.sha256(token.encode()).digest(),
        )

    def add_cards(self, indexes: Sequence[int]) -> None:
        self.rows(
            """INSERT INTO card
                   ("index", number, resident_id, form, status, status_since, reason, issued_at, expires_at)
               SELECT i, lpad(i::text, 12, '0'), i + 50000, 2, 2, now() - interval '40 days', '', now(), now()
               FROM unnest(%s::int[]) AS given (i)""",
            list(indexes),
        )


def clear(town: Town) -> None:
    """An empty town, with the partitions of these days. DELETE, because TRUNCATE waits for the disk at every table."""
    for table in (
        "visit",
        "refusal",
        "foreign_scan",
        "device_intake",
        "device_state",
        "card",
        "enrol_code",
        "enrol_guess",
        "device",
        "scan_point",
        "issuer_key",
    ):
        town.rows(f"DELETE FROM {table}")  # noqa: S608 - the names above
    if town.rows("SELECT 1 FROM trust_list UNION ALL SELECT 1 FROM status_list"):
        town.rows("TRUNCATE trust_list, status_list")  # their newest rows cannot be deleted
    town.rows("SELECT ensure_partitions(current_date - 1, current_date + 1)")


def settle(town: Town) -> None:
    """The town's keys, devices and cards."""
    public = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for kid, usage, starts in (
        (KID, "card", "-60 days"),
        (STATUS_KID, "status", "-60 days"),
        (FUTURE_KID, "card", "1 day"),
    ):
        town.rows(
            """INSERT INTO issuer_key (kid, public_key, usage, not_before, not_after)
               VALUES (%s, %s, %s, now() + %s::interval, now() + interval '900 days')""",
            kid,
            public,
            usage,
            starts,
        )
    for point, name in ((MARKET, "Chợ Đông Ba"), (SCHOOL, "Trường Quốc Học")):
        town.rows(
            """INSERT INTO scan_point (id, name, type_id, division_id, address, opens_at, closes_at,
                   usual_stay_minutes, is_sensitive, registered_at)
               VALUES (%s, %s, 'market', 1, '', '04:00', '18:30', 45, false, now())""",
            point,
            name,
        )
    town.add_device(1, MARKET_TOKEN, MARKET)
    town.add_device(2, SCHOOL_TOKEN, SCHOOL)
    town.add_device(3, LOST_TOKEN, SCHOOL)
    town.rows("UPDATE device SET revoked_at = now() WHERE id = 3")
    town.rows("SELECT setval(pg_get_serial_sequence('device', 'id'), 500)")
    town.add_cards(list(STATES))
    for card_index, status in STATES.items():
        town.rows('UPDATE card SET status = %s WHERE "index" = %s', status, card_index)


def without_foreign_keys(url: str) -> None:
    """The gateway knows numbers only; what they stand for would be noise here."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            """SELECT conrelid::regclass::text, conname FROM pg_constraint
               WHERE contype = 'f' AND conparentid = 0"""
        ).fetchall()
        for table, name in found:
            connection.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
            )

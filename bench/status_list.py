"""The status list at the size of the province: bytes, seconds, differences. `python -m bench.status_list [cards]`"""

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console
from rich.table import Table

from bench.cards import held
from ksdb.core.status_list import (
    CAPACITY,
    LIST_BYTES,
    Listed,
    Signer,
    Statuses,
    StatusList,
    changes_between,
    check_delta,
    check_status_list,
    coded_delta,
    empty,
    sign_head,
    sign_status_list,
)
from ksdb.core.token import IssuerKey, Usage

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MOST_BYTES, MOST_MS = 100_000, 2_000
"""A scanner on a slow line fetches it in seconds; a change reaches devices within ten, of which this is a part."""
SIGNER = Signer(2, ec.generate_private_key(ec.SECP256R1()))
TRUST = {2: IssuerKey(2, SIGNER.key.public_key(), Usage.STATUS, 0, 2**32)}


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def with_share(indexes: list[int], share: float, listed: Listed, base: Statuses | None = None) -> Statuses:
    statuses = empty() if base is None else base.copy()
    statuses[indexes[: int(len(indexes) * share)]] = listed
    return statuses


def delta_bytes(before: Statuses, count: int, indexes: list[int]) -> int:
    after = before.copy()
    after[indexes[-count:]] = Listed.INVALID
    return len(coded_delta(sign_head(after, 2, AT, SIGNER), changes_between(before, after)))


def main() -> None:
    cards = int(sys.argv[1]) if len(sys.argv) > 1 else 1_200_000
    indexes = random.Random(5).sample(range(1, CAPACITY), cards)
    revoked = with_share(indexes, 0.05, Listed.INVALID)
    token = sign_status_list(revoked, 1, AT, SIGNER)
    read = check_status_list(token, TRUST, AT)
    assert isinstance(read, StatusList)
    after = revoked.copy()
    after[indexes[-100:]] = Listed.INVALID
    answer = coded_delta(sign_head(after, 2, AT, SIGNER), changes_between(revoked, after))
    table = Table("what", "figure", "limit", "", title=f"{cards:,} cards")

    def row(what: str, figure: str, limit: str = "", is_held: bool | None = None) -> None:
        table.add_row(what, figure, limit, "" if is_held is None else held(is_held))

    row("bits before zlib", f"{LIST_BYTES:,} bytes")
    row("list, 5 % revoked, rest in use", f"{len(token):,} bytes", f"{MOST_BYTES:,}", len(token) <= MOST_BYTES)
    row("ratio to its bits", f"{len(token) / LIST_BYTES:.3f}")
    half = with_share(indexes[::-1], 0.5, Listed.ATTENTION, revoked)
    row("list, 5 % revoked, half not activated yet", f"{len(sign_status_list(half, 1, AT, SIGNER)):,} bytes")
    unknown = np.full(CAPACITY, Listed.ATTENTION, np.uint8)
    unknown[indexes] = revoked[indexes]
    row("list, 5 % revoked, if free indexes said 3", f"{len(sign_status_list(unknown, 1, AT, SIGNER)):,} bytes")
    for count in (1, 100, 1_000, 10_000):
        row(f"differences, {count:,} cards", f"{delta_bytes(revoked, count, indexes):,} bytes")
    made = timed(lambda: sign_status_list(revoked, 1, AT, SIGNER))
    row("make and sign the list", f"{made * 1000:.0f} ms", f"{MOST_MS:,}", made * 1000 <= MOST_MS)
    row("check and unpack the list", f"{timed(lambda: check_status_list(token, TRUST, AT)) * 1000:.0f} ms")
    row("check and apply 100 differences", f"{timed(lambda: check_delta(answer, read, TRUST, AT)) * 1000:.0f} ms")
    Console().print(table)


if __name__ == "__main__":
    main()

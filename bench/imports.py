"""How fast a province's list is imported from CSV, beside a bare COPY of the very rows it made into the same tables.

    KSDB_DATABASE_URL=postgresql://… python -m bench.imports [rows]

Runs in a database of its own (`ksdb_bench_imports`) on that server, or on the embedded one: first 100,000 rows, then
1,200,000 or as many as asked for, each checked for its preview and then imported, in processes of their own whose
memory is measured. The COPY reads what the import wrote from a file, as text, with nothing to work out.
"""

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import psycopg

from bench.limits import against

DATABASE = "ksdb_bench_imports"
SMALL, WHOLE = 100_000, 1_200_000
LEAST_RATIO = 0.125
MOST_GROWTH = 64
"""MiB that twelve times the rows may take more: what the allocator keeps, not what the file holds."""
HEADING = (
    "Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD/CMND", "Số điện thoại", "Số hộ", "Quan hệ với chủ hộ",
    "Tổ dân phố/Thôn", "Địa chỉ", "Phường/Xã",
)  # fmt: skip
FAMILIES = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Phan",
    "Võ",
    "Đặng",
    "Bùi",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Tôn Thất",
)
MIDDLES = ("Thị", "Văn", "Hữu", "Đình", "Ngọc", "Minh", "Thanh", "Thị Thu", "Quang", "Xuân", "Thị Kim", "Đức")
GIVENS = (
    "Lan",
    "Hoa",
    "Huệ",
    "Hùng",
    "Dũng",
    "Thủy",
    "Hòa",
    "Anh",
    "Ánh",
    "Bình",
    "Châu",
    "Hạnh",
    "Khuê",
    "Long",
    "Quỳnh",
)
PERSONS_OF_A_HOUSEHOLD, PERSONS_OF_A_GROUP = 4, 600
TABLES = ("household", "resident")


def prepare() -> None:
    """An empty database with all tables and the divisions."""
    from ksdb.config import make_secrets, settings
    from ksdb.postgres.server import database_url

    make_secrets(settings().var_dir)
    server = psycopg.conninfo.conninfo_to_dict(database_url(settings()))
    own = psycopg.conninfo.make_conninfo("", **{**server, "dbname": DATABASE})
    with psycopg.connect(
        psycopg.conninfo.make_conninfo("", **{**server, "dbname": "postgres"}), autocommit=True
    ) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute(f"CREATE DATABASE {DATABASE}")
    os.environ |= {"KSDB_DATABASE_URL": own, "DJANGO_SETTINGS_MODULE": "ksdb.site.owner"}
    settings.cache_clear()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference

    load_reference(system_scope())


def write_list(path: Path, count: int) -> None:
    """People of all communes of 2021, four a household; nine in ten with a chip card's number, half with a phone."""
    from ksdb.places.models import Division

    found = Division.objects.filter(kind="commune", valid_from="2021-07-01").order_by("pk")
    communes = list(found.values_list("name", flat=True))
    names = [name for name in communes if communes.count(name) == 1]
    draw = random.Random(7)
    share = count // len(names) + 1
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADING)
        writer.writerows(person(number, names[number // share], number % share, draw) for number in range(count))


def person(number: int, commune: str, within: int, draw: random.Random) -> tuple[str, ...]:
    year, is_female = draw.randint(1930, 2021), draw.random() < 0.5
    century = (year // 100 - 19) * 2 + is_female
    household = within // PERSONS_OF_A_HOUSEHOLD
    return (
        f"{draw.choice(FAMILIES)} {draw.choice(MIDDLES)} {draw.choice(GIVENS)} {draw.choice(GIVENS)}",
        f"{draw.randint(1, 28):02d}/{draw.randint(1, 12):02d}/{year}",
        "Nữ" if is_female else "Nam",
        f"046{century}{year % 100:02d}{number % 1_000_000:06d}" if draw.random() < 0.9 else "",
        f"09{draw.randint(0, 8)}{draw.randint(0, 9_999_999):07d}" if draw.random() < 0.5 else "",
        str(household),
        "Chủ hộ" if within % PERSONS_OF_A_HOUSEHOLD == 0 else "Con",
        f"Tổ {within // PERSONS_OF_A_GROUP + 1}",
        f"{household % 200 + 1} Lý Thái Tổ",
        commune,
    )


def go_through(what: str, path: Path) -> None:
    """In a process of its own: checks the file for its preview or brings it in, and prints what it took."""
    import django

    django.setup()
    from ksdb.core.scope import system_scope
    from ksdb.places.models import Division
    from ksdb.registry.actions import begin_check, check_list, run_import, take_list

    division = Division.objects.get(kind="province", valid_from="2021-07-01")
    with path.open("rb") as file:
        source = take_list(system_scope(), division.pk, path.name, iter(lambda: file.read(1 << 20), b""))
    begin_check(system_scope(), source.pk)
    started, used = perf_counter(), process_time()
    done = (check_list if what == "check" else run_import)(system_scope(), source.pk)
    assert done.status == ("checked" if what == "check" else "done"), (done.status, done.failure)
    memory = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    figures = {"rows": done.row_count, "imported": done.imported_count, "rejected": done.rejected_count}
    print(json.dumps({**figures, "seconds": perf_counter() - started, "cpu": process_time() - used, "memory": memory}))


def took_by(what: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.imports", f"--{what}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def copied(folder: Path) -> tuple[int, float]:
    """The same residents and households out, the tables emptied, and in again by COPY alone."""
    with psycopg.connect(os.environ["KSDB_DATABASE_URL"]) as connection:
        cursor = connection.cursor()
        for table in TABLES:
            with (folder / table).open("wb") as file, cursor.copy(f"COPY {table} TO STDOUT") as copy:
                for block in copy:
                    file.write(block)
        empty(cursor)
        connection.commit()
        started, count = perf_counter(), 0
        for table in TABLES:
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for block in blocks(folder / table):
                    copy.write(block)
            count = cursor.rowcount
        connection.commit()
        return count, perf_counter() - started


def empty(cursor: psycopg.Cursor[tuple[object, ...]]) -> None:
    cursor.execute("TRUNCATE household, resident CASCADE")


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(1 << 17), b"")


def compare(count: int) -> float:
    """Prints one size, with its verdict; returns the MiB that the import held in both of its processes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        write_list(path, count)
        seen, took = took_by("check", path), took_by("import", path)
        bare_count, bare = copied(Path(folder))
        with psycopg.connect(os.environ["KSDB_DATABASE_URL"]) as connection:
            empty(connection.cursor())
    assert bare_count == took["imported"], (bare_count, took)
    own, aside = megabytes(took)
    rate, bare_rate = took["rows"] / took["seconds"], bare_count / bare
    print(
        f"preview    {seen['rows']:>9,} rows  {seen['seconds']:7.2f} s  {seen['rows'] / seen['seconds']:>9,.0f} rows/s"
    )
    print(
        f"import     {took['rows']:>9,} rows  {took['seconds']:7.2f} s  {rate:>9,.0f} rows/s  (CPU {took['cpu']:.1f} s)"
    )
    print(f"bare COPY  {bare_count:>9,} rows  {bare:7.2f} s  {bare_rate:>9,.0f} rows/s")
    print(f"ratio      {rate / bare_rate:.3f} of COPY's rate")
    print(f"memory     {own:.0f} MiB at most, and {aside:.0f} MiB in the process that reads and checks")
    print(f"           {sum(megabytes(seen)):.0f} MiB for the preview in both")
    against("rate beside COPY", f"{rate / bare_rate:.3f}", f"{LEAST_RATIO}", holds=rate / bare_rate >= LEAST_RATIO)
    return own + aside


def megabytes(took: dict[str, float]) -> list[float]:
    return [kilobytes / 1024 for kilobytes in took["memory"]]  # type: ignore[attr-defined]


def main() -> None:
    if sys.argv[1:2] in (["--import"], ["--check"]):
        return go_through(sys.argv[1][2:], Path(sys.argv[2]))
    prepare()
    whole = int(sys.argv[1]) if len(sys.argv) > 1 else WHOLE
    held = [compare(count) for count in sorted({min(SMALL, whole), whole})]
    growth = held[-1] - held[0]
    against(
        "memory of the largest over the smallest",
        f"{growth:+.0f} MiB",
        f"{MOST_GROWTH} MiB",
        holds=growth <= MOST_GROWTH,
    )
    return None


if __name__ == "__main__":
    main()

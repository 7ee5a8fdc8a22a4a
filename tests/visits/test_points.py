"""Points as owners and officers see them: figures of devices, finding one of many, correcting, placing, closing."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.conftest import scope_for

from ksdb.access.models import StaffAccount
from ksdb.core.clock import today
from ksdb.core.decision import Mark
from ksdb.core.errors import NotFound
from ksdb.core.scope import Scope, system_scope
from ksdb.places.models import Division, ScanPoint
from ksdb.visits.actions import PointClosed, close_point, enrol_device, ensure_partitions, make_enrol_code
from ksdb.visits.models import Device, EnrolCode
from ksdb.visits.queries import DeviceRow, PointState, Wanted, devices_of, points_with_activity
from ksdb.visits.words import MARK_LABELS


def device(system: Scope, point: ScanPoint, received: str, scanned: int | None = None, **other: Any) -> DeviceRow:
    """A device of which these numbers came, and what it says it has scanned."""
    made, _ = enrol_device(system, point.pk, "Cổng")
    Device.objects.filter(pk=made.pk).update(**other)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO device_intake VALUES (%s, %s)", [made.pk, received])
        if scanned is not None:
            cursor.execute(
                "INSERT INTO device_state (device_id, told_at, app_version, clock_ahead_ms, scanned_count)"
                " VALUES (%s, now(), '', 0, %s)",
                [made.pk, scanned],
            )
    return next(row for row in devices_of(system, point.pk) if row.id == made.pk)


@pytest.mark.parametrize(
    ("received", "scanned", "told"),
    [
        ("{[1,413)}", 412, (412, 412, 0, [], 0)),
        ("{[413,500)}", 87, (87, 87, 0, [], 0)),  # let in anew: its numbers go on from where they were
        ("{[413,420),[422,500)}", 90, (90, 85, 2, ["420–421"], 5)),
        ("{[48213,48214),[48399,48400)}", None, (187, 2, 185, ["48214–48398"], 185)),
        ("{[4503599627370500,4503599627370501),[4503599999999999,4503600000000000)}", None, (2, 2, 0, [], 0)),
        ("{}", None, (0, 0, 0, [], 0)),
    ],
)
def test_scanned_and_safe(
    system: Scope, market_a: ScanPoint, received: str, scanned: int | None, told: tuple[int, int, int, list[str], int]
) -> None:
    row = device(system, market_a, received, scanned)
    assert (row.scanned, row.stored_count, row.missing_count, row.holes, row.outstanding) == told


def test_a_registers_numbers_are_its_own(system: Scope, market_a: ScanPoint) -> None:
    row = device(system, market_a, "{[48213,48214),[48399,48400)}", is_register=True)
    assert (row.scanned, row.stored_count, row.missing_count, row.is_whole) == (2, 2, 0, True)


def test_the_page_says_what_is_wrong_with_a_device(client: Client, market_a: ScanPoint, binh: StaffAccount) -> None:
    row = device(scope_for(binh), market_a, "{[1,4)}", 5)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE device_state SET clock_ahead_ms = -300000")
        cursor.execute("INSERT INTO device_copy VALUES (%s, now(), now(), 3)", [row.id])
        ensure_partitions(system_scope(), today(), today())
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, result, marks)"
            " SELECT %s, now(), %s, n, n, 1, n FROM generate_series(1, 3) n",
            [market_a.pk, row.id],
        )
    client.force_login(binh)
    path = reverse("visits:point", args=[market_a.pk])
    page = client.get(path).content.decode()
    assert "đồng hồ chậm 5 phút" in page
    assert "3 lượt quét của máy thứ hai" in page
    assert [(str(label), count) for label, count in client.get(path).context["marks"]] == [
        (str(MARK_LABELS[Mark.TYPED]), 2),
        (str(MARK_LABELS[Mark.FOREIGN]), 2),
    ]
    rename = reverse("visits:rename_device", args=[market_a.pk, row.id])
    assert client.post(rename, {"name": "Sổ cổng", "is_register": "on"}).status_code == 302
    assert Device.objects.get(pk=row.id).is_register
    client.post(reverse("visits:code", args=[market_a.pk]), {"kind": "register"})
    assert EnrolCode.objects.get().is_register


def test_one_of_many_points_is_found(
    client: Client, market_a: ScanPoint, binh: StaffAccount, minh: StaffAccount, commune_b: Division
) -> None:
    ScanPoint.objects.filter(pk=market_a.pk).update(name="Chợ Đông Ba", search_name="cho dong ba")

    def names(scope: Scope, **wanted: Any) -> list[str]:
        return [row.point.name for row in points_with_activity(scope, Wanted(**wanted), 0, 50)[0]]

    mine = scope_for(binh)
    assert names(mine, name="dong") == names(mine, name="ĐÔNG ba") == ["Chợ Đông Ba"]
    assert names(mine, name="tây") == names(mine, type_code="school") == names(mine, division_id=commune_b.pk) == []
    assert names(scope_for(minh), name="dong") == []
    assert names(mine, state=PointState.WITHOUT_DEVICE, name="dong") == ["Chợ Đông Ba"]
    enrol_device(system_scope(), market_a.pk, "x")
    assert names(mine, state=PointState.WITHOUT_DEVICE, name="dong") == []
    client.force_login(binh)
    page = client.get(reverse("visits:points"), {"name": "dong ba", "state": "closed", "kind": "1 OR 1"})
    assert page.status_code == 200
    assert "Không có điểm quét như vậy" in client.get(reverse("visits:points"), {"name": "tây"}).content.decode()


def test_the_ward_corrects_and_places_a_point(
    client: Client, market_a: ScanPoint, binh: StaffAccount, minh: StaffAccount
) -> None:
    said = {"name": "Chợ Đông  Ba ", "kind": "market", "address": "2 Trần Hưng Đạo", "is_sensitive": "on"}
    path = reverse("visits:correct_point", args=[market_a.pk])
    client.force_login(minh)
    assert client.post(path, said).status_code == 404
    client.force_login(binh)
    assert client.post(path, {**said, "name": ""}).status_code == 422
    assert client.post(path, said).status_code == 302
    market_a.refresh_from_db()
    assert (market_a.name, market_a.search_name, market_a.is_sensitive) == ("Chợ Đông Ba", "cho dong ba", True)
    ways = {"opens_at": "04:00", "closes_at": "18:30", "lanes": "1"}
    path = reverse("visits:ways", args=[market_a.pk])
    page = client.get(path)
    assert "geolocation=(self)" in page.headers["Permissions-Policy"]
    for wrong in ("here", "107.59, 16.46", "0, 0", "16.46"):
        assert client.post(path, {**ways, "position": wrong}).status_code == 422
    assert client.post(path, {**ways, "position": "16.4637, 107.5909"}).status_code == 302
    market_a.refresh_from_db()
    assert (market_a.latitude, market_a.longitude) == (16.4637, 107.5909)
    assert "16.46370, 107.59090" in client.get(reverse("visits:point", args=[market_a.pk])).content.decode()


def test_a_closed_point_scans_no_more(
    client: Client, system: Scope, market_a: ScanPoint, binh: StaffAccount, minh: StaffAccount
) -> None:
    scope = scope_for(binh)
    enrol_device(system, market_a.pk, "x")
    make_enrol_code(scope, market_a.pk)
    with pytest.raises(NotFound):
        close_point(scope_for(minh), market_a.pk)
    client.force_login(binh)
    assert client.post(reverse("visits:close_point", args=[market_a.pk])).status_code == 302
    assert not Device.objects.filter(revoked_at=None).exists()
    assert not EnrolCode.objects.exists()
    with pytest.raises(PointClosed):
        make_enrol_code(scope, market_a.pk)
    open_ones, closed = (
        points_with_activity(scope, Wanted(state=s), 0, 50)[0] for s in (PointState.OPEN, PointState.CLOSED)
    )
    assert market_a not in [row.point for row in open_ones]
    assert market_a in [row.point for row in closed]
    client.post(reverse("visits:reopen_point", args=[market_a.pk]))
    make_enrol_code(scope, market_a.pk)

"""Whose card a phone may keep: at once where the registry knows the phone, by the ward otherwise, and no word more."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.attacks.asking import signed_in
from tests.conftest import commune, resident_of
from tests.wallet.conftest import ID_NUMBER_OF_LAN, phone_of, with_papers

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.places.models import Division
from ksdb.registry.models import Household, Resident
from ksdb.sms.models import Text
from ksdb.wallet.actions.claims import forget_claims
from ksdb.wallet.models import Claim, Holding

TODAYS = "Phường Hương Trà"


@pytest.fixture
def known(lan: Resident) -> Resident:
    """Lan as the registry knows her, with her number and her phone."""
    return with_papers(lan)


def claimed(client: Client, **said: str) -> str:
    """Where the answer leads, after the form was filled in as Lan would."""
    form = {
        "relation": "self",
        "full_name": "Nguyễn Thị Lan",
        "birth": "5/3/1956",
        "id_number": ID_NUMBER_OF_LAN,
        "commune": commune(TODAYS, date(2025, 7, 1)).name,
        "address": "12 Lý Thái Tổ",
    }
    answer = client.post(reverse("wallet:add"), {**form, **said})
    return answer.headers.get("Location", answer.content.decode())


def test_the_phone_that_the_registry_knows_has_the_card_at_once(known: Resident) -> None:
    client = phone_of()
    assert claimed(client) == reverse("wallet:card") + "#chosen"
    (holding,) = Holding.objects.all()
    assert (holding.resident, holding.relation, holding.evidence) == (known, "self", "matched")
    assert Entry.objects.filter(action="wallet:holding:begin", subject_id=known.pk).count() == 1


@pytest.mark.parametrize(
    "said",
    [{"id_number": "046156770012"}, {"full_name": "Nguyễn Thị Lành"}, {"birth": "6/3/1956"}, {"id_number": ""}],
    ids=["another number", "another name", "another day", "no number"],
)
def test_one_thing_that_does_not_fit_asks_the_ward(known: Resident, said: dict[str, str]) -> None:
    assert claimed(phone_of(), **said) == reverse("wallet:members")
    assert not Holding.objects.exists()
    assert Claim.objects.get().state == "waiting"


def test_a_stranger_learns_nothing_by_knowing_all_papers(known: Resident) -> None:
    """Name, birth and number right, or a person who does not exist: the same answer, the same pages and queries."""
    seen = []
    for number, said in (
        ("0912000001", {}),
        ("0912000002", {"full_name": "Người Không Có", "birth": "1/1/1990", "id_number": "046190000019"}),
    ):
        client = phone_of(number)
        client.get(reverse("wallet:add"))
        with CaptureQueriesContext(connection) as queries:
            where = claimed(client, **said)
        page = client.get(where).content.decode()
        claim = Claim.objects.latest("pk")
        shape = page.replace(claim.full_name, "").replace(f'value="{claim.pk}"', "")
        seen.append((where, len(queries), [line for line in shape.split("\n") if "csrf" not in line]))
    assert seen[0] == seen[1]
    assert not Holding.objects.exists()


def test_a_child_without_papers_is_of_the_household_or_waits(known: Resident, son: Resident) -> None:
    client = phone_of()
    claimed(client)
    child = {"relation": "child", "full_name": "Trần Minh Khôi", "birth": "2015", "id_number": ""}
    assert claimed(client, **child) == reverse("wallet:card") + "#chosen"
    holding = Holding.objects.get(resident=son)
    assert (holding.relation, holding.guardian) == ("child", known)
    other = Household.objects.create(division_id=son.division_id, book_number="2")
    neighbours = resident_of(Division.objects.get(pk=son.division.parent_id), "Lê Văn Bé", 2016)
    Resident.objects.filter(pk=neighbours.pk).update(household=other)
    assert claimed(client, **{**child, "full_name": "Lê Văn Bé", "birth": "2016"}) == reverse("wallet:members")


def test_claims_are_limited(known: Resident) -> None:
    client = phone_of("0912000001")
    answers = [claimed(client, birth=str(1900 + day + 30)) for day in range(11)]
    assert answers[:10] == [reverse("wallet:members")] * 10
    assert "quá nhiều lần" in answers[10] or "too many" in answers[10].lower()


def test_the_ward_confirms_and_nobody_else(demo: None, known: Resident, binh: StaffAccount, minh: StaffAccount) -> None:
    client = phone_of("0912000001")
    claimed(client)
    claim = Claim.objects.get()
    Claim.objects.update(division=known.division)
    pages = [reverse("wallet:claim", args=[claim.pk]), reverse("wallet:claims")]
    officer, other = signed_in(binh), signed_in(minh)
    assert other.get(pages[0]).status_code == 404
    assert f"/claims/{claim.pk}/" not in other.get(pages[1]).content.decode()
    assert f"/claims/{claim.pk}/" in officer.get(pages[1]).content.decode()
    assert "0912000001" in officer.get(pages[0]).content.decode()
    assert Entry.objects.filter(action="wallet:claim:decide", subject_id=known.pk).count() == 1
    Claim.objects.update(full_name="Không Ai Biết", id_number_sealed=None, resident=None)
    officer.get(pages[0])
    looks = Entry.objects.filter(action="wallet:claim:read", subject_id=claim.pk, actor_id=binh.pk)
    assert (looks.count(), looks[0].purpose) == (2, "registration")
    confirm = reverse("wallet:confirm", args=[claim.pk])
    assert other.post(confirm, {"resident": known.pk}).status_code == 404
    assert officer.post(confirm, {"resident": known.pk}).status_code == 302
    assert Holding.objects.get().evidence == "confirmed"
    assert Text.objects.count() == 1
    assert known.full_name in client.get(reverse("wallet:members")).content.decode()
    officer.post(confirm, {"resident": known.pk})
    assert Holding.objects.count() == 1


def test_an_officer_confirms_nobody_of_another_ward(known: Resident, binh: StaffAccount, commune_b: Division) -> None:
    claimed(phone_of("0912000001"))
    Claim.objects.update(division=known.division)
    stranger = resident_of(commune_b, "Nguyễn Thị Lan")
    path = reverse("wallet:confirm", args=[Claim.objects.get().pk])
    assert signed_in(binh).post(path, {"resident": stranger.pk}).status_code == 404
    assert (Holding.objects.count(), Claim.objects.get().state) == (0, "waiting")


def test_a_refusal_says_why_and_is_put_away(known: Resident, binh: StaffAccount) -> None:
    client = phone_of("0912000001")
    claimed(client)
    Claim.objects.update(division=known.division)
    reason = "Mời bà đến phường với căn cước."
    signed_in(binh).post(reverse("wallet:refuse", args=[Claim.objects.get().pk]), {"reason": reason})
    assert reason in client.get(reverse("wallet:members")).content.decode()
    client.post(reverse("wallet:withdraw"), {"claim": Claim.objects.get().pk})
    assert client.get(reverse("wallet:members")).headers["Location"] == reverse("wallet:add")


def test_what_was_typed_is_sealed_and_forgotten(known: Resident, system: object) -> None:
    claimed(phone_of("0912000001"))
    assert ID_NUMBER_OF_LAN.encode() not in bytes(Claim.objects.get().id_number_sealed or b"")
    assert forget_claims(system) == 0
    Claim.objects.update(decided_at=known.registered_at.replace(year=2020), state="refused")
    assert forget_claims(system) == 1
    assert Entry.objects.get(action="wallet:claim:forget").detail == {"count": 1}
    claim = Claim.objects.get()
    assert (claim.full_name, claim.id_number_sealed, claim.born_on) == ("", None, None)

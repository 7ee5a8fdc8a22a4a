"""The search for people: what is typed, what it may be asked, how often, and that it reads no table from end to end."""

from importlib import import_module
from itertools import permutations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import resident_of, scope_for

from ksdb.access.limits import TooManyPersons, TooManySearches
from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.models import Card
from ksdb.cards.queries import NumberMistyped, card_by_number, cards_by_numbers
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.ids import card_number
from ksdb.core.names import search_key
from ksdb.core.scope import Purpose, Scope, system_scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.postgres.named import sql
from ksdb.registry import searching
from ksdb.registry.ends import fill_ends
from ksdb.registry.models import Resident
from ksdb.registry.queries import resident_sheet, residents_named
from ksdb.registry.sealing import ID_NUMBER, PHONE, sealer
from ksdb.registry.searching import EndNeedsMore, ResidentSearch, read_search

pytestmark = pytest.mark.django_db
P = Purpose.CARD_SERVICE


def found(scope: Scope, **asked: object) -> list[int]:
    return [one.pk for one in residents_named(scope, ResidentSearch(**asked), P).residents]  # type: ignore[arg-type]


def with_numbers(resident: Resident, id_number: str, phone: str) -> Resident:
    """As an import of another time would leave it: without the keys of the ends."""
    resident.id_number_sealed = sealer().seal(ID_NUMBER, id_number)
    resident.id_number_key = sealer().match_key(ID_NUMBER, id_number)
    resident.phone_sealed, resident.phone_key = sealer().seal(PHONE, phone), sealer().match_key(PHONE, phone)
    resident.save()
    return resident


@pytest.fixture
def reached(commune_a: Division) -> Resident:
    made = with_numbers(resident_of(commune_a, "Nguyễn Thị Thuỷ"), "046156001234", "0905115678")
    fill_ends()
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("typed", ["Thủy", "Thuỷ", "thuy", "THUY NGUYEN", "nguy thu", "thi ng", "Thuy\u0309"])
def test_however_it_is_typed(binh: StaffAccount, reached: Resident, typed: str) -> None:
    assert found(scope_for(binh), words=typed) == [reached.pk]


@pytest.mark.parametrize("typed", ["thuyx", "huy", "%", "_", "' | '", "\\", "!", "lan", "nguyen 1957"])
def test_what_is_not_there(binh: StaffAccount, reached: Resident, typed: str) -> None:
    assert found(scope_for(binh), words=typed) == []


def test_names_folded_before_are_found_as_they_are_folded_now(binh: StaffAccount, commune_a: Division) -> None:
    yen, thuy = resident_of(commune_a, "Lê Thị Yến"), resident_of(commune_a, "Ngô Thúy Ý")
    Resident.objects.filter(pk=yen.pk).update(search_key="le thi yen")
    Resident.objects.filter(pk=thuy.pk).update(search_key="ngo thuy y")
    import_module("ksdb.registry.migrations.0008_y_at_the_beginning").fold_anew(None, connection.schema_editor())
    for one in (yen, thuy):
        one.refresh_from_db()
        assert one.search_key == search_key(one.full_name)
    for typed in ("Yến", "iến le", "Yen"):
        assert found(scope_for(binh), words=typed) == [yen.pk]
    assert found(scope_for(binh), words="Í Thuý") == [thuy.pk]


def test_huong_van_and_huong_van_are_two(hanh: StaffAccount, commune_a: Division, commune_b: Division) -> None:
    van, middle = resident_of(commune_a, "Hồ Hương Vân"), resident_of(commune_b, "Hồ Hương Văn")
    both = residents_named(scope_for(hanh), ResidentSearch("huong van"), P).residents
    assert [one.full_name for one in both] == ["Hồ Hương Văn", "Hồ Hương Vân"]
    assert {one.pk for one in both} == {van.pk, middle.pk}


def test_a_year_typed_beside_the_name(binh: StaffAccount, reached: Resident) -> None:
    assert found(scope_for(binh), words="thuy 1956") == [reached.pk]
    assert found(scope_for(binh), words="1956") == [reached.pk]
    assert found(scope_for(binh), words="thuy", birth_year=1956) == [reached.pk]


def test_the_ends_of_numbers(binh: StaffAccount, reached: Resident, commune_a: Division) -> None:
    with_numbers(resident_of(commune_a, "Nguyễn Thị Thuỷ"), "046156009999", "0905119999")
    fill_ends()
    scope = scope_for(binh)
    assert found(scope, phone_end="5678") == [reached.pk]
    assert found(scope, id_number_end="1234") == [reached.pk]
    assert found(scope, words="thuy", phone_end="5678") == [reached.pk]
    assert found(scope, phone_end="1234") == [], "an end of one number is none of the other"
    assert found(scope, words="lan", phone_end="5678") == []


def test_an_end_alone_is_asked_in_a_commune_only(hanh: StaffAccount, minh: StaffAccount, reached: Resident) -> None:
    with pytest.raises(EndNeedsMore):
        found(scope_for(hanh), phone_end="5678")
    assert found(scope_for(hanh), phone_end="5678", birth_year=1956) == [reached.pk]
    assert found(scope_for(minh), phone_end="5678") == []


def test_a_number_that_changes_leaves_no_end_behind(binh: StaffAccount, reached: Resident) -> None:
    with_numbers(reached, "046156001234", "0905110000")
    assert found(scope_for(binh), phone_end="5678") == []
    reached.refresh_from_db()
    assert (reached.phone_end, reached.id_number_end is None) == (None, False)
    assert fill_ends() == 1
    assert found(scope_for(binh), phone_end="0000") == [reached.pk]
    assert fill_ends() == 0


def test_the_number_of_a_card(binh: StaffAccount, minh: StaffAccount, reached: Resident) -> None:
    number = card_number(1234567)
    card = Card(index=7, number=number, resident=reached, form=Form.PAPER, status=CardStatus.ISSUED)
    card.status_since = card.issued_at = card.expires_at = now()
    card.save()
    spaced = f"{number[:4]} {number[4:8]} {number[8:]}"
    assert found(scope_for(binh), words=number) == found(scope_for(binh), words=spaced) == [reached.pk]
    with pytest.raises(NotFound):
        found(scope_for(minh), words=spaced)
    with pytest.raises(NumberMistyped):
        found(scope_for(binh), words=f"{spaced[:-1]}{(int(spaced[-1]) + 1) % 10}")


def test_more_than_a_few_pages_are_not_counted(hanh: StaffAccount, commune_a: Division) -> None:
    group = resident_of(commune_a, "Nguyễn Thị Lan")
    Resident.objects.bulk_create(
        Resident(
            division_id=group.division_id, full_name=f"Nguyễn Thị {word}", search_key=search_key(f"Nguyễn Thị {word}"),
            sort_key=f"{word}", sex="female", birth_year=1980, registered_at=group.registered_at,
        )
        for word in ("".join(letters) for letters in list(permutations("abcdefg", 3))[: searching.MOST_FOUND + 5])
    )  # fmt: skip
    for scope in (scope_for(hanh), system_scope()):
        page = residents_named(scope, ResidentSearch("nguyen"), P, page=4)
        assert (page.total, page.is_more, page.has_next, len(page.residents)) == (200, True, False, 50)
    assert residents_named(scope_for(hanh), ResidentSearch("nguyen"), P, page=10**20).page == 4
    assert not residents_named(scope_for(hanh), ResidentSearch("nguyen lan"), P).is_more


def test_walking_the_list_and_gathering_agree(
    hanh: StaffAccount, commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in ("Lan", "Lân", "Ân", "An", "Hòa"):
        resident_of(commune_a, f"Nguyễn Thị {word}")
    gathered = found(scope_for(hanh), words="nguyen thi")
    for name, value in {"PAGE_ROWS": 3, "MOST_FOUND": 4, "ENOUGH": -1.0}.items():
        monkeypatch.setattr(searching, name, value)
    with CaptureQueriesContext(connection) as asked:
        walked = found(scope_for(hanh), words="nguyen thi")
    assert (walked, len(gathered)) == (gathered[:3], 5)
    assert any("AS first" in query["sql"] for query in asked)
    assert not any("merged AS MATERIALIZED" in query["sql"] for query in asked)


@pytest.mark.parametrize(
    "asked",
    [{"words": "'lan':*"}, {"more_words": "'lan'"}, {"phone_end": 5}, {"id_number_end": 5}, {"divisions": [1, 2]}],
)
def test_no_question_reads_a_table_from_end_to_end(asked: dict[str, object]) -> None:
    given_all = {"words": None, "more_words": None, "phone_end": None, "id_number_end": None, "divisions": None}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.registry", "scan_no_table"))
        cursor.execute(
            "EXPLAIN " + sql("ksdb.registry", "residents_matching"), given_all | asked | {"rows": 50, "skip": 0}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(sql("ksdb.registry", "scan_tables_again"))
    assert "Seq Scan" not in plan


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    asked = read_search(ResidentSearch(text))
    assert asked.words in {text, ""} or asked.birth_year


def test_so_many_searches_a_minute(binh: StaffAccount, minh: StaffAccount, reached: Resident) -> None:
    scope = scope_for(binh)
    for _ in range(settings().person_searches_a_minute):
        found(scope, words="thuy")
    for search in (lambda: found(scope, words="thuy"), lambda: card_by_number(scope, "1", P)):
        with pytest.raises(TooManySearches):
            search()
    assert found(scope_for(minh), words="thuy") == [], "another account is not kept waiting"
    reached_limit = Entry.objects.filter(action="access:limit:reach")
    assert [(entry.actor_id, entry.detail["limit"]) for entry in reached_limit] == [(binh.pk, "person_search_minute")]


def test_so_many_people_a_day_however_they_are_looked_up(
    binh: StaffAccount, minh: StaffAccount, lan: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that find nobody count as well: whoever tries them one after the other is stopped all the same."""
    monkeypatch.setenv("KSDB_PERSONS_A_DAY", "20")
    settings.cache_clear()
    scope = scope_for(binh)
    for _ in range(4):
        assert len(found(scope, words="thi lan")) == 1
        resident_sheet(scope, lan.pk, P)
    with pytest.raises(NotFound):
        card_by_number(scope, "000000000098", P)
    assert cards_by_numbers(scope, ["000000000098"] * 11, P) == []
    for look in (
        lambda: found(scope, words="thi lan"),
        lambda: resident_sheet(scope, lan.pk, P),
        lambda: card_by_number(scope, "000000000098", P),
        lambda: cards_by_numbers(scope, ["000000000098"], P),
    ):
        with pytest.raises(TooManyPersons):
            look()
    reached_limit = Entry.objects.filter(action="access:limit:reach")
    assert [(entry.actor_id, entry.detail["limit"]) for entry in reached_limit] == [(binh.pk, "persons_day")]
    with pytest.raises(NotFound):
        resident_sheet(scope_for(minh), lan.pk, P)
    settings.cache_clear()


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("registry:residents", {"name": "thuy", "purpose": "card_service"}),
        ("cards:find", {"number": "000000000098", "purpose": "card_service"}),
    ],
)
def test_the_page_says_when_to_try_again(client: Client, binh: StaffAccount, page: str, sent: dict[str, str]) -> None:
    client.force_login(binh)
    for _ in range(settings().person_searches_a_minute):
        assert client.post(reverse(page), sent).status_code == 200
    answer = client.post(reverse(page), sent)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert "too_many_searches" in answer.content.decode()
    assert client.get(reverse(page)).status_code == 200, "looking at the empty form costs nothing"


def test_the_form_wants_something_to_look_for(client: Client, binh: StaffAccount) -> None:
    client.force_login(binh)
    page = client.post(reverse("registry:residents"), {"purpose": "card_service"}).content.decode()
    assert 'id="id_name_error"' in page
    wrong = client.post(reverse("registry:residents"), {"purpose": "card_service", "phone_end": "12"}).content.decode()
    assert 'id="id_phone_end_error"' in wrong

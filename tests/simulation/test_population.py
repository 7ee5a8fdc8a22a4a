"""The people: exact where the census is exact, close where it gives shares, and never absurd."""

import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from ksdb.simulation.families import (
    CHILD,
    DAUGHTER_IN_LAW,
    FATHER,
    GRANDCHILD,
    HEAD,
    HUSBAND,
    MOTHER,
    OTHER,
    SON_IN_LAW,
    WIFE,
)
from ksdb.simulation.names import Names
from ksdb.simulation.population import AS_OF, Population, population_of, province
from ksdb.simulation.raking import age_group
from ksdb.simulation.sizes import sizes_of
from ksdb.simulation.sources import age_sex_table, communes, communes_of

WHOLE_PROVINCE = 1_128_620


@pytest.fixture(scope="module")
def everybody() -> Population:
    return province(seed=7)


def fingerprint(population: Population) -> list[bytes]:
    plain = [getattr(population, name) for name in ("sex", "born", "id_number", "phone", "relation", "is_year_only")]
    homes = [getattr(population.households, name) for name in ("number", "group", "house", "alley", "street")]
    return [array.tobytes() for array in (*plain, *homes, *(getattr(population.names, f.name) for f in fields(Names)))]


def test_huong_tra_has_exactly_its_people(huong_tra: Population) -> None:
    counted = np.bincount(huong_tra.commune).tolist()
    assert counted == [commune.people for commune in huong_tra.communes]
    assert sum(counted) == 64_827


def test_household_sizes_are_those_of_the_census(huong_tra: Population) -> None:
    homes = huong_tra.households
    sizes = np.minimum(np.bincount(huong_tra.household), 7)
    for place, commune in enumerate(huong_tra.communes):
        found = np.bincount(sizes[homes.commune == place], minlength=8)[1:]
        assert tuple(found) == commune.households


@pytest.mark.parametrize("scale", [0.1, 1.0, 1.0632, 2.5])
def test_every_commune_can_be_scaled(scale: float) -> None:
    plans = [sizes_of(commune, scale) for commune in communes()]
    assert sum(plan.people for plan in plans) == round(WHOLE_PROVINCE * scale)
    assert all(min(plan.ordinary) >= 0 and min(plan.collective, default=7) >= 7 for plan in plans)


def test_the_province_has_the_ages_of_the_census(everybody: Population) -> None:
    """Half the absolute difference over 40 groups of age and sex is below a fifth of a per cent."""
    found = np.bincount(age_group(everybody.age) * 2 + everybody.sex, minlength=40)
    table = age_sex_table()
    wanted = (table["TOTAL/urban"] + table["TOTAL/rural"]).ravel()
    assert len(everybody) == WHOLE_PROVINCE
    assert np.abs(found - wanted).sum() / 2 / WHOLE_PROVINCE < 0.002


def test_a_district_has_its_own_ages(huong_tra: Population) -> None:
    """Nine communes are a part of the district of 2019, and still within one per cent of its shares."""
    found = np.bincount(age_group(huong_tra.age), minlength=20) / len(huong_tra)
    table = age_sex_table()
    wanted = sum(
        table[commune.stratum].sum(axis=1) / table[commune.stratum].sum() * commune.people
        for commune in huong_tra.communes
    )
    assert np.abs(found - wanted / len(huong_tra)).sum() / 2 < 0.01


def test_the_head_comes_first_and_is_grown_up(huong_tra: Population) -> None:
    heads = huong_tra.households.first
    assert (huong_tra.relation[heads] == HEAD).all()
    assert np.count_nonzero(huong_tra.relation == HEAD) == len(huong_tra.households)
    assert huong_tra.age[heads].min() >= 18


def test_couples_and_parents_have_believable_ages(huong_tra: Population) -> None:
    relation, age = huong_tra.relation, huong_tra.age.astype(int)
    head = age[huong_tra.households.first][huong_tra.household]
    spouse = np.isin(relation, (WIFE, HUSBAND))
    assert np.abs(head - age)[spouse].max() <= 15
    assert (head - age)[relation == CHILD].min() >= 18
    assert (age - head)[np.isin(relation, (FATHER, MOTHER))].min() >= 14
    assert (head - age)[relation == GRANDCHILD].min() >= 36


def test_a_mother_is_18_to_40_years_older_than_her_child(huong_tra: Population) -> None:
    relation, age = huong_tra.relation, huong_tra.age.astype(int)
    wives = np.flatnonzero(relation == WIFE)
    wife_age = np.full(len(huong_tra.households), -1)
    wife_age[huong_tra.household[wives]] = age[wives]
    mother = wife_age[huong_tra.household]
    gap = (mother - age)[(relation == CHILD) & (mother > 0)]
    assert gap.min() >= 18
    assert gap.max() <= 41


def test_sexes_fit_the_words(huong_tra: Population) -> None:
    women = np.isin(huong_tra.relation, (WIFE, MOTHER, DAUGHTER_IN_LAW))
    men = np.isin(huong_tra.relation, (HUSBAND, FATHER, SON_IN_LAW))
    assert (huong_tra.sex[women] == 1).all()
    assert (huong_tra.sex[men] == 0).all()


def test_children_bear_the_name_of_their_father(huong_tra: Population) -> None:
    heads = huong_tra.households.first
    is_father = (huong_tra.sex[heads] == 0)[huong_tra.household]
    theirs = (huong_tra.relation == CHILD) & is_father
    family = huong_tra.names.family
    same = family == family[heads][huong_tra.household]
    assert same[theirs].mean() > 0.995  # the imperial lineages change their word with each generation
    assert same[huong_tra.relation == WIFE].mean() < 0.3


def test_id_numbers_tell_sex_century_and_year(huong_tra: Population) -> None:
    digits = np.array([len(number) for number in huong_tra.id_number])
    assert set(digits) == {0, 9, 12}
    full = digits == 12
    numbers = huong_tra.id_number[full].astype("U12")
    years = huong_tra.born[full].astype("datetime64[Y]").astype(int) + 1970
    assert [int(number[3]) for number in numbers] == (huong_tra.sex[full] + 2 * (years >= 2000)).tolist()
    assert [int(number[4:6]) for number in numbers] == (years % 100).tolist()
    assert np.mean([number.startswith("046") for number in numbers]) > 0.9
    assert full[(huong_tra.age >= 18) & (huong_tra.age < 40)].mean() > 0.95
    assert full[huong_tra.age < 14].mean() < 0.1
    assert huong_tra.age[digits == 9].min() >= 40


def test_id_numbers_belong_to_one_person(everybody: Population) -> None:
    given = everybody.id_number[everybody.id_number != b""]
    assert np.unique(given).size == given.size


def test_telephones_look_real(huong_tra: Population) -> None:
    has = huong_tra.phone != b""
    grown = (huong_tra.age >= 15) & (huong_tra.age < 65)
    assert has[grown].mean() == pytest.approx(0.75, abs=0.02)
    assert has[huong_tra.age >= 75].mean() < 0.3
    assert {phone[:2] for phone in huong_tra.phone[has]} <= {b"03", b"05", b"07", b"08", b"09"}
    assert {len(phone) for phone in huong_tra.phone[has]} == {10}


def test_ages_agree_with_the_births(huong_tra: Population) -> None:
    days = (np.datetime64(AS_OF) - huong_tra.born).astype(int)
    assert (np.abs(days / 365.2425 - huong_tra.age - 0.5) < 0.51).all()


def test_groups_have_about_120_households_in_walking_order(huong_tra: Population) -> None:
    homes = huong_tra.households
    for place in range(len(huong_tra.communes)):
        group = homes.group[homes.commune == place]
        assert (np.diff(group) >= 0).all()
        assert 90 <= np.bincount(group)[1:].min() <= np.bincount(group)[1:].max() <= 150
        assert homes.number[homes.commune == place].tolist() == list(range(1, group.size + 1))


def test_no_two_households_share_an_address(huong_tra: Population) -> None:
    homes = huong_tra.households
    keys = zip(homes.commune, homes.group, homes.segment, homes.street, homes.alley, homes.house, strict=True)
    assert max(Counter(keys).values()) == 1


def test_collective_households_have_no_family() -> None:
    vinh_ninh = next(commune for commune in communes() if commune.name == "Phường Vĩnh Ninh")
    people = population_of([vinh_ninh], seed=1)
    others = people.relation == OTHER
    assert others.sum() > 500
    assert np.median(people.age[others]) < 30


def test_the_same_seed_makes_the_same_people(huong_tra: Population) -> None:
    again = population_of(communes_of("Thị xã Hương Trà"), seed=2021)
    other = population_of(communes_of("Thị xã Hương Trà"), seed=2022)
    assert fingerprint(again) == fingerprint(huong_tra)
    assert fingerprint(other) != fingerprint(huong_tra)


def test_the_same_seed_makes_the_same_people_in_another_process() -> None:
    program = (
        "from ksdb.simulation.population import population_of as f\n"
        "from ksdb.simulation.sources import communes\n"
        "import zlib; p = f(communes()[:1], seed=3); print(zlib.crc32(''.join(p.full_names()).encode()))"
    )
    runs = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1


def test_a_commune_alone_is_the_commune_in_the_province(everybody: Population) -> None:
    place = next(index for index, commune in enumerate(everybody.communes) if commune.name == "Phường Hương Vân")
    rows = np.flatnonzero(everybody.commune == place)
    whole = slice(rows[0], rows[-1] + 1)
    alone = population_of([everybody.communes[place]], seed=7)
    names = Names(*(getattr(everybody.names, field.name)[whole] for field in fields(Names)))
    columns = {name: getattr(everybody, name)[whole] for name in ("sex", "born", "id_number", "phone", "is_year_only")}
    part = replace(alone, names=names, relation=everybody.relation[whole], **columns)
    assert fingerprint(part) == fingerprint(alone)

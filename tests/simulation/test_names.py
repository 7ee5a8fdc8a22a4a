"""Names: real counts, Huế's own families, and no slips."""

import unicodedata
from collections import Counter

import numpy as np

from ksdb.simulation.names import LINEAGES, inherited, name_tables
from ksdb.simulation.population import Population, population_of
from ksdb.simulation.sources import communes, communes_of


def test_names_are_composed_and_well_formed(huong_tra: Population) -> None:
    for name in huong_tra.full_names():
        assert unicodedata.is_normalized("NFC", name)
        assert "Ð" not in name, "the Icelandic letter looks like Đ and is not"
        assert name == " ".join(name.split())


def test_names_repeat_as_they_do_in_life(huong_tra: Population) -> None:
    """Dozens of people share the most common name of a town, and most names are borne once or twice."""
    shared = Counter(huong_tra.full_names())
    assert 40 <= shared.most_common(1)[0][1] <= 250
    assert np.median(list(shared.values())) <= 2


def test_thi_is_for_women(huong_tra: Population) -> None:
    names = huong_tra.full_names()
    assert not any(" Thị " in name for name in names[huong_tra.sex == 0])
    assert np.mean([" Thị " in name for name in names[(huong_tra.sex == 1) & (huong_tra.age > 60)]]) > 0.75


def test_nobody_is_called_after_a_brother_or_a_parent(huong_tra: Population) -> None:
    pairs = zip(huong_tra.household.tolist(), huong_tra.names.given.tolist(), strict=True)
    repeated = sum(count - 1 for count in Counter(pairs).values())
    assert repeated / len(huong_tra) < 0.001


def test_both_styles_of_writing_the_tone_occur(huong_tra: Population) -> None:
    given = {name.split(" ")[-1] for name in huong_tra.full_names()}
    assert {"Thủy", "Hòa"} <= given
    assert {"Thuỷ", "Hoà", "Thuý"} & given


def test_the_imperial_clan_is_small_and_named_by_sex() -> None:
    city = population_of([commune for commune in communes() if commune.name == "Phường Kim Long"], seed=1)
    names = city.full_names()
    sons = np.array([name.startswith("Tôn Thất ") for name in names])
    daughters = np.array(["Tôn Nữ " in name for name in names])
    assert 0.002 < sons.mean() < 0.05
    assert (city.sex[sons] == 0).all()
    assert (city.sex[daughters] == 1).all()


def test_each_generation_of_the_lineage_takes_the_next_word() -> None:
    tables = name_tables()
    buu = tables.lineage + [son for son, _ in LINEAGES].index("Bửu")
    son = inherited(np.array([buu], dtype=np.int32), np.array([1], dtype=np.int32))
    assert tables.family[0][son[0]] == "Vĩnh"
    assert tables.family[1][son[0]] == "Công Huyền Tôn Nữ"


def test_ho_is_the_great_family_of_a_luoi() -> None:
    people = population_of(communes_of("Huyện A Lưới"), seed=1)
    families = Counter(name.split(" ")[0] for name in people.full_names())
    assert families["Hồ"] / len(people) > 0.4

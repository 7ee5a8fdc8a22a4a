"""What residents read is in short sentences of plain words: counted over every Vietnamese text of their pages.

On average six syllables a sentence, the longest has twenty-one (decision 139).
"""

import re
from collections.abc import Iterator
from statistics import mean

import polib
import pytest
from tests.house.code import ROOT

CATALOGUE = ROOT / "src" / "ksdb" / "web" / "locale" / "vi" / "LC_MESSAGES" / "django.po"
OURS = re.compile(r"src/ksdb/(wallet|notices|sms)/")
DESK = re.compile(r"wallet/templates/wallet/(claims?|requests?|phones|sheet_asked)\.html|sms/templates|wallet/views/de")
"""Pages of officers and administrators."""
MOST_SYLLABLES = 22
MOST_ON_AVERAGE = 7
LONG = 15
HARD = (
    "xác thực", "mã hóa", "ủy quyền truy cập", "dữ liệu cá nhân nhạy cảm", "định danh", "trích xuất", "kết xuất",
    "phiên bản", "cấu hình", "hệ thống thông tin", "truy xuất", "đối soát", "phê duyệt", "căn cứ theo", "theo quy định",
    "cơ quan có thẩm quyền", "token", "server", "offline", "online", "email", "link", "click", "F0", "F1",
)  # fmt: skip
"""Words of offices and of machines that a child does not know."""


def texts() -> Iterator[str]:
    for entry in polib.pofile(str(CATALOGUE)):
        places = [place for place, _ in entry.occurrences]
        if any(OURS.match(place) and not DESK.search(place) for place in places):
            yield from (entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr])


def sentences(text: str) -> Iterator[str]:
    yield from (part for part in re.split(r"(?<=[.!?])\s+", text) if part.strip())


def syllables(sentence: str) -> int:
    """Vietnamese is written syllable by syllable."""
    return len(re.findall(r"[^\W_]+", re.sub(r"%\(\w+\)s|\{\w+\}", "x", sentence)))


COUNTS = {sentence: syllables(sentence) for text in texts() for sentence in sentences(text)}


def test_there_is_what_is_counted() -> None:
    assert len(COUNTS) > 300


def test_no_sentence_is_longer_than_a_child_follows() -> None:
    assert {one: count for one, count in COUNTS.items() if count > MOST_SYLLABLES} == {}


def test_most_sentences_are_short() -> None:
    assert mean(COUNTS.values()) < MOST_ON_AVERAGE
    assert sum(count > LONG for count in COUNTS.values()) < len(COUNTS) / 33


@pytest.mark.parametrize("word", HARD)
def test_no_word_of_offices_or_machines(word: str) -> None:
    found = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    assert [text for text in COUNTS if found.search(text)] == []

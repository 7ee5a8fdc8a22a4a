import json
import re
from pathlib import Path

from ksdb.core.token import from_digits

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = (ROOT / "docs" / "card-format.md").read_text(encoding="utf-8")
FIRST = json.loads((ROOT / "tests" / "vectors" / "cards.json").read_text(encoding="utf-8"))["vectors"][0]


def test_the_example_is_the_first_vector() -> None:
    block = re.search(r"\n\n((?:    [\d ]+\n)+)", DOCUMENT)
    assert block
    assert "".join(block[1].split()) == FIRST["text"]


def test_every_byte_of_the_example_is_explained() -> None:
    coded = from_digits(FIRST["text"])
    assert isinstance(coded, bytes)
    rows = re.findall(r"^\| (\d+) \| `([0-9a-f …]+)` \|", DOCUMENT, re.MULTILINE)
    for (at, said), (after, _) in zip(rows, [*rows[1:], ("97", "")], strict=True):
        part = coded[int(at) : int(after)].hex()
        start, _, end = said.replace(" ", "").partition("…")
        assert part == start or ("…" in said and part.startswith(start) and part.endswith(end)), at
    assert rows[0][0] == "0"

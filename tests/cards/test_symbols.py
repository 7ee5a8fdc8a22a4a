import secrets

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from ksdb.cards.symbols import DIGITS, SIDE, dark, symbols

TOKENS = [
    "1" + "0" * 234,
    "1" + "9" * 234,
    "1" + "0123456789" * 23 + "0123",
    *("1" + str(secrets.randbelow(10**234)).zfill(234) for _ in range(60)),
]


def by_library(token: str) -> NDArray[np.bool_]:
    made = zxingcpp.create_barcode(token, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return np.array(made.to_image(scale=1, add_quiet_zones=False)) == 0


def picture(modules: NDArray[np.bool_], scale: int = 6) -> NDArray[np.uint8]:
    return np.kron(np.pad(~modules, 4, constant_values=True).astype(np.uint8) * 255, np.ones((scale, scale), np.uint8))


@pytest.mark.parametrize("token", TOKENS)
def test_a_symbol_is_the_one_that_zxing_makes(token: str) -> None:
    """Module by module, the mask with it: error correction, placement and penalties are those of the standard."""
    assert np.array_equal(dark(token), by_library(token))


@pytest.mark.parametrize("token", TOKENS[:12])
def test_two_decoders_read_it(token: str) -> None:
    image = picture(dark(token))
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [token]
    assert cv2.QRCodeDetectorAruco().detectAndDecode(image)[0] == token


def test_one_by_one_or_together_they_are_the_same() -> None:
    together = [made.getCode() for made in symbols(TOKENS)]
    assert together == [symbols([token])[0].getCode() for token in TOKENS]


def test_the_rectangles_are_the_dark_modules_each_once() -> None:
    drawn = np.zeros((SIDE, SIDE), int)
    words = symbols(TOKENS[-1:])[0].getCode().split(" re ")[:-1]
    for x, y, width, height in (map(int, word.split()) for word in words):
        assert height == 1
        drawn[SIDE - 1 - y, x : x + width] += 1
    assert np.array_equal(drawn, dark(TOKENS[-1]).astype(int))


@pytest.mark.parametrize("text", ["7" * (DIGITS - 1), "7" * (DIGITS + 30), "7" * 566, "HC1:NCF"])
def test_other_texts_go_through_the_library(text: str) -> None:
    made = symbols([text])[0]
    assert made.side == by_library(text).shape[0]


def test_no_texts_are_no_symbols() -> None:
    assert symbols([]) == []

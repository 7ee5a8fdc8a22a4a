"""QR symbols of card tokens, hundreds at a time: version 6-M, numeric mode, in numpy (ISO/IEC 18004).

Every token has 235 digits, so all but the digits is known beforehand: where each bit stands, the error correction as
a sum over tables, and the eight masks, of which the one with the lowest penalty is taken, as the
standard asks. Text of any other length goes through zxing-cpp.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import numpy as np
import zxingcpp
from numpy.typing import NDArray

SIDE: Final = 41
DIGITS: Final = 235
_DATA_WORDS, _BLOCKS, _BLOCK_WORDS, _CHECK_WORDS = 108, 4, 27, 16
_SEGMENT = 7
_SEGMENTS = 6
_TRIPLES = DIGITS // 3
_LEVEL_M = 0
Bits = NDArray[np.uint8]
Rows = NDArray[np.uint64]
Places = NDArray[np.intp]


class Modules:
    """The dark modules of a symbol as whole-number rectangles, in the shape of a reportlab path."""

    __slots__ = ("_code", "side")

    def __init__(self, code: str, side: int) -> None:
        self._code = code
        self.side = side

    def getCode(self) -> str:  # noqa: N802 - the name reportlab asks a path for
        return self._code


def symbol(token: str) -> Modules:
    """The symbol of one text: version 6-M for the 235 digits of a token."""
    return symbols([token])[0]


def symbols(tokens: Sequence[str]) -> list[Modules]:
    """The symbols of many texts. Cheapest a few hundred at a time; about 4 kB of memory a token while it works."""
    if all(len(token) == DIGITS and token.isascii() and token.isdigit() for token in tokens):
        return [_from_rows(rows) for rows in _segments(best_rows(tokens))] if tokens else []
    return [_by_library(token) for token in tokens]


def dark(token: str) -> NDArray[np.bool_]:
    """The modules of a token's symbol, row by row from the top; for tests and other ways of drawing."""
    shifts = np.arange(SIDE - 1, -1, -1, dtype=np.uint64)
    made: NDArray[np.bool_] = (best_rows([token])[0][:, None] >> shifts & np.uint64(1)).astype(bool)
    return made


def best_rows(tokens: Sequence[str]) -> Rows:
    """41 rows of 41 bits a token, under the mask with the lowest penalty; the leftmost module is the highest bit."""
    bits = _codeword_bits(tokens)
    plan = _plan()
    across, down = (_packed(bits, where) for where in (plan, plan.reshape(SIDE, SIDE).T.ravel()))
    masks = _masks()
    penalties = np.stack([_penalty(across ^ rows, down ^ columns) for rows, columns in masks])
    chosen = np.stack([rows for rows, _ in masks])[penalties.argmin(axis=0)]
    rows: Rows = across ^ chosen
    return rows


def _codeword_bits(tokens: Sequence[str]) -> Bits:
    """The bits in the order in which they are laid, and behind them a light and a dark one for what is fixed."""
    count = len(tokens)
    digits = np.frombuffer("".join(tokens).encode("ascii"), np.uint8).reshape(count, DIGITS).astype(np.uint16) - 48
    threes = digits[:, : 3 * _TRIPLES].reshape(count, _TRIPLES, 3)
    triples = threes[:, :, 0] * 100 + threes[:, :, 1] * 10 + threes[:, :, 2]
    data = np.tile(_frame(), (count, 1))
    middle = 14 + 10 * _TRIPLES
    data[:, 14:middle] = (triples[:, :, None] >> np.arange(9, -1, -1, dtype=np.uint16) & 1).reshape(count, -1)
    data[:, middle : middle + 4] = digits[:, -1:] >> np.arange(3, -1, -1, dtype=np.uint16) & 1
    words = np.packbits(data, axis=1).reshape(count * _BLOCKS, _BLOCK_WORDS)
    shares = _check_shares()[np.arange(_BLOCK_WORDS), words]
    checks = np.bitwise_xor.reduce(shares, axis=1)
    in_turn = (part.reshape(count, _BLOCKS, -1).transpose(0, 2, 1).reshape(count, -1) for part in (words, checks))
    bits = np.unpackbits(np.concatenate(list(in_turn), axis=1), axis=1)
    return np.concatenate([bits, np.tile(np.array([0] * 7 + [0, 1], np.uint8), (count, 1))], axis=1)


@cache
def _frame() -> Bits:
    """The 864 data bits with mode, count and padding in place, and no digits."""
    head = f"0001{DIGITS:010b}"
    used = 14 + 10 * _TRIPLES + 4
    start = -(-(used + 4) // 8)
    padding = "".join(f"{(0xEC, 0x11)[i % 2]:08b}" for i in range(_DATA_WORDS - start))
    text = head + "0" * (8 * start - len(head)) + padding
    return np.array([int(bit) for bit in text], np.uint8)


def _times(a: int, b: int) -> int:
    """A product in GF(256) over x⁸ + x⁴ + x³ + x² + 1."""
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = (a << 1) ^ (0x11D if a & 0x80 else 0), b >> 1
    return product


def _check_words(block: Sequence[int]) -> list[int]:
    """The Reed-Solomon words of one block, by long division."""
    generator, root = [1], 1
    for _ in range(_CHECK_WORDS):
        shifted = [*generator, 0]
        generator = [a ^ _times(root, b) for a, b in zip(shifted, [0, *generator], strict=True)]
        root = _times(root, 2)
    rest = [*block, *[0] * _CHECK_WORDS]
    for at in range(len(block)):
        for i, factor in enumerate(generator):
            rest[at + i] ^= _times(factor, rest[at]) if i else 0
    return rest[len(block) :]


@cache
def _check_shares() -> Bits:
    """What each value of each word of a block adds to its 16 check words: error correction is linear in GF(256).

    A product with a matrix of floats says the same, but wakes the threads of BLAS, which then stand in others' way.
    """
    rows = [_check_words([*[0] * at, 1, *[0] * (_BLOCK_WORDS - 1 - at)]) for at in range(_BLOCK_WORDS)]
    return np.array([[[_times(word, value) for word in row] for value in range(256)] for row in rows], np.uint8)


def _fixed() -> NDArray[np.int8]:
    """What stands the same in every symbol: 1 dark, 0 light, 2 format information, -1 free for data."""
    grid = np.full((SIDE, SIDE), -1, np.int8)
    grid[6, 8:-8] = grid[8:-8, 6] = (np.arange(SIDE - 16) + 1) % 2
    for top, left in ((0, 0), (0, SIDE - 7), (SIDE - 7, 0)):
        grid[max(top - 1, 0) : top + 8, max(left - 1, 0) : left + 8] = 0
        _square(grid, (top, left), 7)
    _square(grid, (SIDE - 9, SIDE - 9), 5)
    for row, column, _ in _format_places():
        grid[row, column] = 2
    grid[SIDE - 8, 8] = 1
    return grid


def _square(grid: NDArray[np.int8], corner: tuple[int, int], side: int) -> None:
    top, left = corner
    for inset, shade in ((0, 1), (1, 0), (2, 1)):
        grid[top + inset : top + side - inset, left + inset : left + side - inset] = shade


def _format_places() -> list[tuple[int, int, int]]:
    """(row, column, bit) of both copies of the 15 bits of format information; bit 0 is the lowest."""
    first = [(row, 8) for row in (0, 1, 2, 3, 4, 5, 7, 8)] + [(8, column) for column in (7, 5, 4, 3, 2, 1, 0)]
    second = [(8, SIDE - 1 - i) for i in range(8)] + [(SIDE - 7 + i, 8) for i in range(7)]
    return [(row, column, bit) for places in (first, second) for bit, (row, column) in enumerate(places)]


@cache
def _plan() -> NDArray[np.intp]:
    """For each module, row by row, which of the bits of `_codeword_bits` stands there."""
    fixed = _fixed()
    plan = np.where(fixed == 1, 1384, 1383).astype(np.intp)
    laid = 0
    for turn, right in enumerate(column for column in range(SIDE - 1, 0, -2)):
        column = right - 1 if right <= 6 else right
        for step in range(SIDE):
            row = SIDE - 1 - step if turn % 2 == 0 else step
            for at in (column, column - 1):
                if fixed[row, at] == -1:
                    plan[row, at] = laid
                    laid += 1
    return plan.ravel()


def _packed(bits: Bits, where: NDArray[np.intp]) -> Rows:
    lines = np.zeros((len(bits), SIDE, 64), np.uint8)
    lines[:, :, 64 - SIDE :] = bits[:, where].reshape(-1, SIDE, SIDE)
    return np.packbits(lines, axis=2).view(">u8")[:, :, 0].astype(np.uint64)


_RULES: Final[tuple[Callable[[Places, Places], Places], ...]] = (
    lambda i, j: (i + j) % 2,
    lambda i, j: i % 2 + 0 * j,
    lambda i, j: j % 3 + 0 * i,
    lambda i, j: (i + j) % 3,
    lambda i, j: (i // 2 + j // 3) % 2,
    lambda i, j: i * j % 2 + i * j % 3,
    lambda i, j: (i * j % 2 + i * j % 3) % 2,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2,
)


@cache
def _masks() -> list[tuple[Rows, Rows]]:
    """What each mask turns over, its format information with it: by rows and by columns."""
    free, (i, j) = _fixed() == -1, np.indices((SIDE, SIDE))
    made = []
    for number, rule in enumerate(_RULES):
        grid = ((rule(i, j) == 0) & free).astype(np.uint8)
        word = _format_word(number)
        for row, column, bit in _format_places():
            grid[row, column] = word >> bit & 1
        everywhere = np.arange(SIDE * SIDE)
        made.append((_packed(grid.reshape(1, -1), everywhere)[0], _packed(grid.T.reshape(1, -1), everywhere)[0]))
    return made


def _format_word(mask: int) -> int:
    data = _LEVEL_M << 3 | mask
    rest = data << 10
    for bit in range(14, 9, -1):
        rest ^= (0x537 << bit - 10) if rest >> bit & 1 else 0
    return (data << 10 | rest) ^ 0x5412


def _penalty(across: Rows, down: Rows) -> NDArray[np.int64]:
    """The four rules of the standard for each symbol: runs, blocks, false finders, balance of dark and light."""
    whole = np.uint64((1 << SIDE) - 1)
    total = np.zeros(len(across), np.int64)
    for lines in (across, down):
        alike = ~(lines ^ lines >> np.uint64(1)) & whole >> np.uint64(1)
        pairs = alike & alike >> np.uint64(1)
        fives = pairs & pairs >> np.uint64(2)
        starts = fives & ~(fives << np.uint64(1))
        total += _count(fives) + 2 * _count(starts) + 40 * _count(_lookalikes(lines))
    alike = ~(across ^ across >> np.uint64(1)) & whole >> np.uint64(1)
    same = ~(across[:, :-1] ^ across[:, 1:]) & whole
    total += 3 * _count(alike[:, :-1] & same & same >> np.uint64(1))
    share = _count(across) * 100 / SIDE**2
    return total + 10 * (np.abs(share - 50) // 5).astype(np.int64)


def _lookalikes(lines: Rows) -> Rows:
    """Where 1:1:3:1:1 starts with four light modules on a side; outside the symbol all is light."""
    shown = lines << np.uint64(4)  # so that the quiet zone stands on both sides
    found: Rows = shown & shown >> np.uint64(2) & shown >> np.uint64(3) & shown >> np.uint64(4) & shown >> np.uint64(6)
    found &= ~(shown >> np.uint64(1) | shown >> np.uint64(5))
    below = ~(shown << np.uint64(1) | shown << np.uint64(2) | shown << np.uint64(3) | shown << np.uint64(4))
    above = ~(shown >> np.uint64(7) | shown >> np.uint64(8) | shown >> np.uint64(9) | shown >> np.uint64(10))
    found &= below | above
    return found


def _count(lines: Rows) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.bitwise_count(lines).sum(axis=1, dtype=np.int64)
    return counts


@cache
def _pieces() -> list[str]:
    """The rectangles of seven neighbouring modules, for each row, each place in it and each of their 128 patterns."""
    return [
        "".join(_runs(value, _SEGMENT * place, SIDE - 1 - row))
        for row in range(SIDE)
        for place in range(_SEGMENTS)
        for value in range(1 << _SEGMENT)
    ]


def _runs(value: int, left: int, y: int) -> list[str]:
    text, made, at = f"{value:0{_SEGMENT}b}", [], 0
    for part in text.replace("01", "0,1").replace("10", "1,0").split(","):
        if part[0] == "1":
            made.append(f"{left + at} {y} {len(part)} 1 re ")
        at += len(part)
    return made


def _segments(rows: Rows) -> list[list[int]]:
    """For each symbol, which of the pieces it is made of."""
    shifts = np.arange(_SEGMENT * (_SEGMENTS - 1), -1, -_SEGMENT, dtype=np.uint64)
    values = (rows[:, :, None] << np.uint64(_SEGMENT * _SEGMENTS - SIDE) >> shifts & np.uint64(127)).astype(np.int64)
    first = np.arange(SIDE * _SEGMENTS, dtype=np.int64).reshape(SIDE, _SEGMENTS) << _SEGMENT
    pieces: list[list[int]] = (values + first).reshape(len(rows), -1).tolist()
    return pieces


def _from_rows(pieces: list[int]) -> Modules:
    return Modules("".join(map(_pieces().__getitem__, pieces)), SIDE)


def _by_library(text: str) -> Modules:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    grid = np.array(made.to_image(scale=1, add_quiet_zones=False)) == 0
    side = len(grid)
    edges = np.diff(np.pad(grid, ((0, 0), (1, 1))).astype(np.int8))
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    runs = zip(starts.tolist(), (side - 1 - rows).tolist(), (ends - starts).tolist(), strict=True)
    return Modules("".join(f"{x} {y} {width} 1 re " for x, y, width in runs), side)

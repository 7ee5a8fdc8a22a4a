"""Whether a word can be a Vietnamese syllable: by its letters, its rime and its tone."""

import re
import unicodedata

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_INITIAL = re.compile(r"(?:ngh|[cgknpt]h|ng|tr|qu|gi|[bcdđghklmnprstvx])?")
_LISTED = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong
    op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm
    uôn uông uôt uơ up ut uy uya uych uyên uyêt uynh uyt uyu ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu
    ưt ưu y yêm yên yêng yêt yêu ynh
    """
_RIMES = frozenset(_LISTED.split())
_STOPPED = ("c", "ch", "p", "t")
_OF_STOPPED = ("\u0301", "\u0323")


def can_be_syllable(word: str) -> bool:
    """In one case throughout or with a capital first, with a rime that there is, and at most one tone, on a vowel."""
    whole = unicodedata.normalize("NFC", word)
    if whole not in {whole.lower(), whole.upper(), whole.capitalize()}:
        return False
    apart = unicodedata.normalize("NFD", whole.lower())
    tones = [sign for sign in apart if sign in _TONES]
    letters = unicodedata.normalize("NFC", "".join(sign for sign in apart if sign not in _TONES))
    if len(tones) > 1 or (tones and not _is_on_vowel(apart, tones[0])):
        return False
    return any(rime in _RIMES and _carries(rime, tones) for rime in _rimes_of(letters))


def _is_on_vowel(apart: str, tone: str) -> bool:
    before = unicodedata.normalize("NFD", apart[: apart.index(tone)])
    bare = "".join(sign for sign in before if not unicodedata.combining(sign))
    return bare[-1:] in set("aeiouy")


def _rimes_of(letters: str) -> set[str]:
    """What may be the rime: `gi` and `qu` begin a syllable, or are an initial with the vowel of the rime."""
    found = _INITIAL.match(letters)
    initial = found[0] if found else ""
    rimes = {letters[len(initial) :]}
    if initial in {"gi", "qu"}:
        rimes.add(letters[1:])
    return rimes


def _carries(rime: str, tones: list[str]) -> bool:
    """A syllable that ends in a stop has one of two tones."""
    return not rime.endswith(_STOPPED) or bool(tones and tones[0] in _OF_STOPPED)

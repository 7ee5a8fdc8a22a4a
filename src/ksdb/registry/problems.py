"""What can be wrong or odd with a row of a list, and the sentence that says what to do about it."""

from enum import StrEnum

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.registry.headings import Column


class Code(StrEnum):
    """Everything an import may say about a row. What is in REJECTIONS keeps the row out; the rest only warns."""

    ADDRESS_TOO_LONG = "address_too_long"
    BIRTH_FUTURE = "birth_future"
    BIRTH_IMPOSSIBLE = "birth_impossible"
    BIRTH_MISSING = "birth_missing"
    BIRTH_SWAPPED = "birth_swapped"
    BIRTH_TOO_EARLY = "birth_too_early"
    BIRTH_UNREADABLE = "birth_unreadable"
    COMMUNE_MISSING = "commune_missing"
    COMMUNE_OUTSIDE = "commune_outside"
    FORMULA_EMPTY = "formula_empty"
    FORMULA_TEXT = "formula_text"
    GROUP_MISSING = "group_missing"
    GUARDIAN_UNKNOWN = "guardian_unknown"
    GUARDIAN_WRONG = "guardian_wrong"
    HOUSEHOLD_MISSING = "household_missing"
    ID_NUMBER_PROVINCE = "id_number_province"
    ID_NUMBER_RESTORED = "id_number_restored"
    ID_NUMBER_SEX = "id_number_sex"
    ID_NUMBER_TAKEN = "id_number_taken"
    ID_NUMBER_TWICE = "id_number_twice"
    ID_NUMBER_WRONG = "id_number_wrong"
    ID_NUMBER_YEAR = "id_number_year"
    KNOWN_COMPLETED = "known_completed"
    KNOWN_ELSEWHERE = "known_elsewhere"
    KNOWN_OTHER_SPELLING = "known_other_spelling"
    MERGED_CELL = "merged_cell"
    NAME_LETTERS = "name_letters"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NOT_TEXT = "not_text"
    OLD_ID_NUMBER_WRONG = "old_id_number_wrong"
    PASSPORT_BESIDE_NUMBER = "passport_beside_number"
    PASSPORT_NOT_TAKEN = "passport_not_taken"
    PASSPORT_WRONG = "passport_wrong"
    PERSON_TWICE = "person_twice"
    PHONE_CONVERTED = "phone_converted"
    PHONE_NOT_TAKEN = "phone_not_taken"
    RELATION_TOO_LONG = "relation_too_long"
    SAME_PERSON_DOUBT = "same_person_doubt"
    SEX_NOT_TAKEN = "sex_not_taken"
    SHEET_LEFT_OUT = "sheet_left_out"
    TEXT_TOO_LONG = "text_too_long"


WARNINGS = frozenset(
    {
        Code.ADDRESS_TOO_LONG,
        Code.HOUSEHOLD_MISSING,
        Code.ID_NUMBER_PROVINCE,
        Code.ID_NUMBER_RESTORED,
        Code.ID_NUMBER_SEX,
        Code.ID_NUMBER_TAKEN,
        Code.ID_NUMBER_YEAR,
        Code.KNOWN_COMPLETED,
        Code.KNOWN_ELSEWHERE,
        Code.KNOWN_OTHER_SPELLING,
        Code.GUARDIAN_UNKNOWN,
        Code.GUARDIAN_WRONG,
        Code.OLD_ID_NUMBER_WRONG,
        Code.PASSPORT_BESIDE_NUMBER,
        Code.PASSPORT_NOT_TAKEN,
        Code.PASSPORT_WRONG,
        Code.PHONE_CONVERTED,
        Code.PHONE_NOT_TAKEN,
        Code.RELATION_TOO_LONG,
        Code.SAME_PERSON_DOUBT,
        Code.SEX_NOT_TAKEN,
        Code.SHEET_LEFT_OUT,
    }
)
REJECTIONS = frozenset(Code) - WARNINGS

_SENTENCES: dict[Code, str | Promise] = {
    Code.ADDRESS_TOO_LONG: _("The address is longer than 200 characters and was cut. Check it in the registry."),
    Code.BIRTH_FUTURE: _("The date of birth lies in the future. Write the right date."),
    Code.BIRTH_IMPOSSIBLE: _("There is no such day in the calendar. Write the right date as day/month/year."),
    Code.BIRTH_MISSING: _("The date of birth is missing. Write day/month/year, or the year alone."),
    Code.BIRTH_SWAPPED: _("The month is above 12: day and month are probably swapped. Write day/month/year."),
    Code.BIRTH_TOO_EARLY: _("The date of birth is more than 120 years ago. Write the right year."),
    Code.BIRTH_UNREADABLE: _(
        "The date of birth cannot be read. Write day/month/year such as 05/09/1956, or the year alone."
    ),
    Code.COMMUNE_MISSING: _("The commune is missing. Write the name of the commune."),
    Code.COMMUNE_OUTSIDE: _(
        "This commune is not in your jurisdiction. Correct the name, or send the row to that commune."
    ),
    Code.FORMULA_EMPTY: _("The cell holds a formula or an error without a value. Copy it and paste it as a value."),
    Code.FORMULA_TEXT: _("The text begins like a formula (= + - @). Write it without that sign."),
    Code.GROUP_MISSING: _("The residential group is missing. Write its name or number."),
    Code.GUARDIAN_UNKNOWN: _(
        "Nobody with the guardian's number is registered where this list belongs: the person was registered without a "
        "guardian. Register the guardian, then import the row again."
    ),
    Code.GUARDIAN_WRONG: _(
        "An ID number has 12 digits, or 9 for the old card: the person was registered without a guardian. Correct it "
        "and import the row again."
    ),
    Code.HOUSEHOLD_MISSING: _(
        "There is neither a household number nor an address: the person was registered without a household."
    ),
    Code.ID_NUMBER_PROVINCE: _("No province has the first three digits of this ID number. Check the number."),
    Code.ID_NUMBER_RESTORED: _("The ID number had lost its leading zeros; they were put back. Check the number."),
    Code.ID_NUMBER_SEX: _("The ID number belongs to the other sex. Check number and sex."),
    Code.ID_NUMBER_TAKEN: _(
        "A registered person with another name or year of birth has this ID number. The row came in without it, and "
        "the two records wait under Duplicates: say there whether they are one person."
    ),
    Code.ID_NUMBER_TWICE: _("The same ID number stands in row %(row)s. Keep it with the person it belongs to."),
    Code.ID_NUMBER_WRONG: _("An ID number has 12 digits, or 9 for the old card. Correct it, or leave the cell empty."),
    Code.ID_NUMBER_YEAR: _("The ID number says another year of birth. Check number and date."),
    Code.KNOWN_COMPLETED: _("Already registered; the ID number or phone that was missing has been added."),
    Code.KNOWN_ELSEWHERE: _("Already registered in another household; nobody was moved. Check where the person lives."),
    Code.KNOWN_OTHER_SPELLING: _(
        "The household has a registered person with this name spelled otherwise, so nobody was added. "
        "If it is somebody else, write the ID number and import the row again."
    ),
    Code.MERGED_CELL: _("The cell is merged with the one above. Unmerge the cells and fill in each row."),
    Code.NAME_LETTERS: _("A name has letters, spaces, apostrophes, hyphens and dots only. Correct the name."),
    Code.NAME_MISSING: _("The name is missing. Write the full name."),
    Code.NAME_TOO_LONG: _("The name is longer than 120 characters. Write the name alone in this cell."),
    Code.NOT_TEXT: _(
        "The cell holds a date or a logical value where a text is needed. Format it as text and write it again."
    ),
    Code.OLD_ID_NUMBER_WRONG: _(
        "An old ID number has nine digits: the person was registered without it. Correct it and import the row again."
    ),
    Code.PASSPORT_BESIDE_NUMBER: _("There is an ID number too: the passport was left out."),
    Code.PASSPORT_NOT_TAKEN: _(
        "This is the number of a passport, and the list does not say of which country: the person was registered "
        "without it. Give the country in a column of its own (Quốc tịch), or add the passport at the desk."
    ),
    Code.PASSPORT_WRONG: _(
        "A passport's number has 5 to 20 letters and digits: the person was registered without it. Correct it and "
        "import the row again."
    ),
    Code.PERSON_TWICE: _(
        "The same person stands in row %(row)s. "
        "Delete one of the rows; if they are two persons, write their ID numbers."
    ),
    Code.PHONE_CONVERTED: _("The old phone number of 11 digits was written as the number dialled today."),
    Code.PHONE_NOT_TAKEN: _(
        "This is no Vietnamese phone number: the person was registered without it. Correct it and import the row again."
    ),
    Code.RELATION_TOO_LONG: _("The relation is longer than 40 characters and was cut."),
    Code.SAME_PERSON_DOUBT: _(
        "The household has another person with this name and year of birth. "
        "Both are registered; check that they are two."
    ),
    Code.SEX_NOT_TAKEN: _("The sex cannot be read: write Nam or Nữ. The person was registered without it."),
    Code.SHEET_LEFT_OUT: _(
        "The workbook has further sheets with lists, which were not read. Import each from a file of its own."
    ),
    Code.TEXT_TOO_LONG: _("The text is too long for this column. Shorten it."),
}

COLUMN_LABELS: dict[Column, str | Promise] = {
    Column.NAME: _("Full name"),
    Column.BIRTH: _("Date of birth"),
    Column.SEX: _("Sex"),
    Column.ID_NUMBER: _("ID number"),
    Column.OLD_ID_NUMBER: _("Old ID number"),
    Column.PASSPORT: _("Passport"),
    Column.NATIONALITY: _("Country of the passport"),
    Column.GUARDIAN: _("ID number of the guardian"),
    Column.PHONE: _("Phone"),
    Column.HOUSEHOLD: _("Household number"),
    Column.RELATION: _("Relation to the head of household"),
    Column.GROUP: _("Residential group"),
    Column.ADDRESS: _("Home address"),
    Column.COMMUNE: _("Commune"),
}


class Problem(msgspec.Struct, frozen=True):
    """One thing to say about one row; `other_row` is the row it collides with. Never the value itself."""

    row: int
    column: Column | None
    code: Code
    other_row: int | None = None

    @property
    def is_rejection(self) -> bool:
        return self.code in REJECTIONS


def sentence(code: str, other_row: int | str | None = None) -> str:
    """What a person is told, in the language of the moment."""
    return str(_SENTENCES[Code(code)]) % {"row": other_row}


def column_label(column: str | None) -> str:
    return str(COLUMN_LABELS[Column(column)]) if column else ""


def described(problem: Problem) -> str:
    """The sentence with its column before it."""
    text = sentence(problem.code, problem.other_row)
    return f"{column_label(problem.column)}: {text}" if problem.column else text

"""Writes the documents that the code knows best: `python -m tools.documents`. Settings, and roles with their pages."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from ksdb.config import SECRETS, Settings
from ksdb.core.scope import PERMISSIONS, PROVINCE_ONLY, WITHOUT_SECOND_FACTOR, Permission, Role

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
GENERATED = "<!-- Written by `make docs` from the code. Change the code, not this file. -->\n"

ROLE_NAMES: Mapping[Role, tuple[str, str]] = {
    Role.ADMINISTRATOR: ("Administrator", "Quản trị viên"),
    Role.AUDITOR: ("Auditor", "Thanh tra viên"),
    Role.EPIDEMIOLOGIST: ("Epidemiologist", "Cán bộ dịch tễ"),
    Role.POINT_OWNER: ("Owner of a scan point", "Chủ điểm quét"),
    Role.WARD_OFFICER: ("Ward officer", "Cán bộ phường, xã"),
}
PERMISSION_NAMES: Mapping[Permission, tuple[str, str]] = {
    Permission.ACCESS_GRANT_WRITE: ("make accounts and give grants", "tạo tài khoản và phân quyền"),
    Permission.APPROVALS_ACT_DECIDE: ("decide on acts that need two persons", "duyệt việc cần hai người"),
    Permission.APPROVALS_ACT_READ: (
        "ask for acts that need two persons, and see them",
        "đề nghị và xem việc cần hai người",
    ),
    Permission.AUDIT_ENTRY_READ: ("read the audit trail", "xem nhật ký truy cập"),
    Permission.CARDS_CARD_ISSUE: ("issue and activate cards", "cấp và kích hoạt thẻ"),
    Permission.CARDS_CARD_OVERRIDE: (
        "ask to set a card's status out of order",
        "đề nghị đặt lại trạng thái thẻ ngoài quy trình",
    ),
    Permission.CARDS_CARD_PRINT: ("print cards", "in thẻ"),
    Permission.CARDS_CARD_REVOKE: ("suspend and revoke cards", "tạm khóa và thu hồi thẻ"),
    Permission.CARDS_KEY_MANAGE: ("make the keys that sign cards", "quản lý khóa ký thẻ"),
    Permission.COVERAGE_FIGURES_READ: ("see coverage", "xem độ phủ thẻ"),
    Permission.ENROLMENT_PLACE_DECIDE: (
        "approve places that want to scan, or not",
        "duyệt hoặc không duyệt nơi đăng ký làm điểm quét",
    ),
    Permission.FOLLOWUP_CONTACT_WRITE: (
        "call contacts, note how they are, assign them",
        "gọi người tiếp xúc, ghi tình trạng hằng ngày và phân công",
    ),
    Permission.FOLLOWUP_DRILL_READ: ("see drills and their times", "xem các đợt diễn tập và thời gian đạt được"),
    Permission.FOLLOWUP_LIST_EXPORT: (
        "take out or print the list of contacts to follow",
        "xuất hoặc in danh sách người tiếp xúc cần theo dõi",
    ),
    Permission.FOLLOWUP_LIST_READ: ("see whom to call today", "xem danh sách người cần gọi hôm nay"),
    Permission.OUTREACH_HELPER_ASSIGN: (
        "assign residential groups to helpers",
        "giao tổ dân phố, thôn cho người đi nhà",
    ),
    Permission.OUTREACH_LIST_READ: ("see who lacks a card, door by door", "xem ai chưa có thẻ, theo từng nhà"),
    Permission.OUTREACH_LIST_TAKE: (
        "take a group's list along for the day, on a phone or on paper",
        "mang danh sách của tổ theo trong ngày, trên điện thoại hoặc bản in",
    ),
    Permission.OUTREACH_NOTE_WRITE: (
        "note at the door why a card is missing, and hand cards over",
        "ghi lý do chưa có thẻ tại nhà và giao thẻ",
    ),
    Permission.PLACES_DIVISION_READ: ("see divisions and kinds of points", "xem đơn vị hành chính và loại điểm quét"),
    Permission.PLACES_DIVISION_WRITE: ("load divisions", "nạp đơn vị hành chính"),
    Permission.DUPLICATES_PAIR_DECIDE: (
        "merge records of one person, or tell them apart",
        "gộp các hồ sơ trùng hoặc xác nhận là hai người khác nhau",
    ),
    Permission.REGISTRY_HOUSEHOLD_READ: (
        "see who lives in one household, and whose guardian somebody is",
        "xem ai ở cùng một hộ và ai giám hộ cho ai",
    ),
    Permission.REGISTRY_IMPORT_RUN: ("import lists of residents", "nhập danh sách người dân"),
    Permission.REGISTRY_RESIDENT_EXPORT: ("take out a list of residents", "xuất danh sách người dân"),
    Permission.REGISTRY_RESIDENT_READ: ("find and read residents", "tra cứu và xem thông tin người dân"),
    Permission.REGISTRY_RESIDENT_WRITE: ("register and correct residents", "đăng ký và sửa thông tin người dân"),
    Permission.SMS_TALLY_READ: (
        "see how many codes were sent to phones, and what was refused",
        "xem số mã đã gửi đến điện thoại và số lần bị từ chối",
    ),
    Permission.TRACING_CASE_READ: ("see cases and their contacts", "xem ca bệnh và người tiếp xúc"),
    Permission.TRACING_CASE_WRITE: ("open and trace cases", "mở ca bệnh và truy vết"),
    Permission.TRACING_LIST_READ: (
        "see the contacts of the own wards that were handed over",
        "xem danh sách người tiếp xúc đã giao cho địa bàn",
    ),
    Permission.TRACING_RULES_WRITE: (
        "change by which rules contacts are found, for the whole province",
        "sửa bộ quy tắc truy vết của tỉnh",
    ),
    Permission.TRACING_TRACE_EXPORT: ("take out the contacts of a trace", "xuất danh sách người tiếp xúc"),
    Permission.VISITS_DAY_DELETE: ("ask to delete a day before its time", "đề nghị xóa một ngày trước thời hạn"),
    Permission.VISITS_DAY_READ: ("see what is kept until when", "xem dữ liệu được giữ đến khi nào"),
    Permission.VISITS_DEVICE_ENROL: ("enrol and revoke devices", "ghi danh và thu hồi thiết bị"),
    Permission.VISITS_DISPUTE_DECIDE: (
        "decide about visits that people say were not theirs",
        "giải quyết khiếu nại về lượt đến",
    ),
    Permission.VISITS_DISPUTE_WRITE: (
        "note that somebody says a visit was not his",
        "ghi nhận khiếu nại về lượt đến",
    ),
    Permission.VISITS_POINT_READ: ("see scan points", "xem điểm quét"),
    Permission.VISITS_POINT_WRITE: ("register scan points", "đăng ký điểm quét"),
    Permission.WALLET_REQUEST_DECIDE: (
        "answer what residents ask about their data",
        "trả lời yêu cầu của người dân về dữ liệu của họ",
    ),
    Permission.WALLET_SHEET_PRINT: (
        "print for a resident what is held about him",
        "in cho người dân dữ liệu lưu về họ",
    ),
    Permission.WALLET_CLAIM_DECIDE: (
        "confirm whose card a resident's phone may keep",
        "xác nhận điện thoại của người dân được giữ thẻ của ai",
    ),
}


NOBODYS = frozenset({"name", "pk", "rules_code", "session_id", "token"})
"""Parameters of addresses that name nothing of a division; tests/attacks/routes.py says what each is."""


class Access(Enum):
    """What a page answers a role; the mark in the table. tests/attacks/test_objects.py tries each."""

    CLOSED = ""
    OPEN_CUT = "○"
    OUTSIDE_UNKNOWN = "●"
    PROVINCE = "◆"


def access_to(permission: Permission | None, role: Role, *, names_an_object: bool) -> Access:
    """What a page that asks for `permission` answers the role; `names_an_object`: its address has a number in it."""
    if permission is not None and permission not in PERMISSIONS[role]:
        return Access.CLOSED
    if permission in PROVINCE_ONLY:
        return Access.PROVINCE
    return Access.OUTSIDE_UNKNOWN if names_an_object else Access.OPEN_CUT


def settings_page() -> str:
    """docs/settings.md."""
    return "".join(_settings())


def _settings() -> Iterator[str]:
    yield f"# Settings\n\n{GENERATED}\n"
    yield "Each setting is an environment variable, read once when a process starts. Yes or no is `1` or `0`.\n\n"
    yield "| in the environment | in the code | default | meaning |\n| --- | --- | --- | --- |\n"
    for setting in fields(Settings):
        name, default = setting.name, _default(setting)
        yield f"| `KSDB_{name.upper()}` | `{name}` | {default} | {setting.metadata['help']} |\n"
    yield "\n## Secrets\n\n"
    yield "32 bytes each, as 64 hexadecimal digits: in the variable itself, or in the file that the second variable\n"
    yield "names, or else in `<KSDB_VAR_DIR>/secrets/<name>`, where `ksdb init` puts a fresh one if there is none.\n\n"
    yield "| in the environment | or in the file named by | below `secrets/` | meaning |\n| --- | --- | --- | --- |\n"
    for name, meaning in SECRETS.items():
        yield f"| `KSDB_{name.upper()}` | `KSDB_{name.upper()}_FILE` | `{name}` | {meaning} |\n"
    yield "\nNewer seal keys, which `ksdb keys rotate-seal` makes, are `seal_key_2`, `seal_key_3` and so on:\n"
    yield "`KSDB_SEAL_KEY_2`, `KSDB_SEAL_KEY_2_FILE`, or the file of that name. The newest seals, each opens its own.\n"
    yield "There is no rotation of `match_key`: every process would have to know old and new at once.\n"
    yield "\nKeep copies of the seal keys, `match_key`, `audit_key`, the file `audit/anchors` and the folder `keys/`,\n"
    yield "apart from the backups of the database:\n"
    yield "[runbook.md](runbook.md) says which loss costs what.\n"


def _default(setting: Field[Any]) -> str:
    value = int(setting.default) if isinstance(setting.default, bool) else setting.default
    return f"`{value}`" if str(value) else "empty"


def roles_page() -> str:
    """docs/roles.md."""
    return "".join(_roles())


def _roles() -> Iterator[str]:
    yield f"# Roles and what they may do · Vai trò và quyền\n\n{GENERATED}\n"
    yield "A grant gives a person one role on one division; it reaches everything inside that division, of any year.\n"
    yield "Có quyền tại một đơn vị hành chính là có quyền tại mọi đơn vị bên trong.\n\n"
    roles = list(Role)
    yield "| permission | | | " + " | ".join("<br>".join(ROLE_NAMES[role]) for role in roles) + " |\n"
    yield "| --- | --- | --- |" + " :-: |" * len(roles) + "\n"
    for permission in Permission:
        english, vietnamese = PERMISSION_NAMES[permission]
        mark = "◆" if permission in PROVINCE_ONLY else "●"
        marks = " | ".join(mark if permission in PERMISSIONS[role] else "" for role in roles)
        yield f"| `{permission}` | {english} | {vietnamese} | {marks} |\n"
    yield "\n◆ is of the whole province: only a grant on the province gives it, the role on a part of it does not.\n"
    yield "◆ là quyền của toàn tỉnh: chỉ có khi được phân quyền trên toàn tỉnh; phân quyền một phần thì không có.\n"
    weak = ", ".join(f"`{p}`" for p in Permission if p in WITHOUT_SECOND_FACTOR)
    yield f"\nWith a password alone one holds only {weak}; everything else waits for the second factor.\n"
    yield "Chỉ đăng nhập bằng mật khẩu thì chưa dùng được các quyền khác; phải có lớp xác thực thứ hai.\n"
    yield from _table_of_pages(roles)


OPEN_TO_ALL = "open to all · ai cũng mở được"
OWN_PAGES: Mapping[str, str] = {
    "is_own": "everyone's own account · tài khoản của mình",
    "is_for_phones": "a resident's own phone · điện thoại của chính người dân",
}


def _table_of_pages(roles: Sequence[Role]) -> Iterator[str]:
    yield "\n## Pages · Các trang\n\n"
    yield "● opens what lies inside the jurisdiction; outside it answers 404, as if it did not exist. ○ opens, and\n"
    yield "shows or takes only what lies inside. ◆ opens with a grant on the whole province; with one on a part of it\n"
    yield "it answers 403. Empty: answers 403 everywhere. Each cell is tried by a test.\n\n"
    yield "● mở được dữ liệu trong phạm vi phụ trách; ngoài phạm vi thì trả lời 404 như không có. ○ mở được, chỉ hiện\n"
    yield "hoặc nhận dữ liệu trong phạm vi. ◆ chỉ mở được khi có quyền trên toàn tỉnh; quyền trên một phần tỉnh thì\n"
    yield "bị từ chối (403). Để trống: luôn từ chối (403). Mỗi ô đều có kiểm thử.\n\n"
    yield (
        "| page · trang | permission · quyền | " + " | ".join("<br>".join(ROLE_NAMES[role]) for role in roles) + " |\n"
    )
    yield "| --- | --- |" + " :-: |" * len(roles) + "\n"
    for path, view in sorted(_pages(), key=lambda page: page[0]):
        permission = getattr(view, "required_permission", None)
        if permission is None:
            words = next((words for mark, words in OWN_PAGES.items() if hasattr(view, mark)), OPEN_TO_ALL)
            yield f"| `/{path}` | {words} |" + " |" * len(roles) + "\n"
            continue
        access = (access_to(permission, role, names_an_object=_names_an_object(path)) for role in roles)
        yield f"| `/{path}` | `{permission}` | " + " | ".join(mark.value for mark in access) + " |\n"


def _names_an_object(path: str) -> bool:
    return bool(set(re.findall(r"<(?:\w+:)?(\w+)>", path)) - NOBODYS)


def _pages() -> Iterator[tuple[str, Any]]:
    from django.urls import get_resolver

    return _pages_below(get_resolver(), "")


def _pages_below(resolver: Any, start: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        path = f"{start}{entry.pattern}"
        if hasattr(entry, "url_patterns"):
            yield from _pages_below(entry, path)
        else:
            yield path, entry.callback


PAGES: Mapping[str, Callable[[], str]] = {"roles.md": roles_page, "settings.md": settings_page}


def stale() -> list[str]:
    """The names of documents that say something else than the code."""
    return [
        name for name, page in PAGES.items() if not (DOCS / name).exists() or (DOCS / name).read_text("utf-8") != page()
    ]


def start_django() -> None:
    """Django without a database: a secret that signs nothing stands in for the real one."""
    import django

    os.environ.setdefault("KSDB_SECRET_KEY", "00")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ksdb.site.settings")
    django.setup()


def main() -> int:
    start_django()
    for name in stale():
        (DOCS / name).write_text(PAGES[name](), "utf-8")
        sys.stdout.write(f"docs/{name} written\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

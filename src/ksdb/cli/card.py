"""`ksdb card inspect`: any code explained in words, with nothing secret at hand and without a database."""

import gettext
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ksdb.cards.inspecting import Believed, Say, inspect
from ksdb.config import settings
from ksdb.core.clock import ZONE, now
from ksdb.core.cose import ListFault
from ksdb.core.errors import KsdbError
from ksdb.core.hc1 import Anchor
from ksdb.core.hc1.anchors import NotAnAnchor, anchors_in
from ksdb.core.status_list import StatusList, check_status_list
from ksdb.core.token import IssuerKey
from ksdb.core.trust_list import check_list

app = typer.Typer(no_args_is_help=True, help="What a card's code says.")
console = Console()


class ListNotBelieved(KsdbError):
    """This list cannot be believed, so nothing can be said by it. Fetch it again."""

    code = "list_not_believed"
    status = 422


class AnchorsUnreadable(KsdbError):
    """The folder of signers (KSDB_HC1_ANCHORS) cannot be used. Put one certificate in each file, DER or
    PEM, with a key of P-256, P-384 or RSA of 2048 bits or more."""

    code = "anchors_unreadable"
    status = 422


@app.callback()
def card() -> None:
    """What a card's code says."""


@app.command("inspect")
def inspect_token(
    code: Annotated[str, typer.Argument(help="What the code holds; - reads it from the standard input.")],
    trust: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The signed trust list.")] = None,
    root: Annotated[Path | None, typer.Option(exists=True, help="FILE.pub of the root; else the pinned one.")] = None,
    status: Annotated[Path | None, typer.Option(exists=True, help="A status list; needs --trust.")] = None,
    language: Annotated[str, typer.Option(help="vi or en.")] = "vi",
) -> None:
    """Explains any code: what it claims, whether it is good, and if not, why. Exit status 1 if it is not good.

    Cards, the codes of electronic cards, and health certificates (HC1), of those whose signers' certificates lie in
    the folder that KSDB_HC1_ANCHORS names. Codes that hold personal data are better piped in with -.
    """
    text = sys.stdin.read(1_000_000) if code == "-" else code
    keys = _trusted(trust, root) if trust else None
    found = inspect(text, Believed(keys, _statuses(status, keys), _signers()), now(), _words(language))
    for label, value in found.lines:
        console.print(Text.assemble((f"{label}: ", "bold"), value))
    console.print(Text(found.verdict, "green" if found.fault is None and found.is_proved else "red"))
    sys.exit(1 if found.fault else 0)


def _trusted(trust: Path, root: Path | None) -> Mapping[int, IssuerKey]:
    """The keys of a list that the root signed. Raises ListNotBelieved, RootUnknown."""
    from ksdb.cards.keys import pinned_root, read_public_root

    checked = check_list(trust.read_bytes(), read_public_root(root) if root else pinned_root())
    if isinstance(checked, ListFault):
        raise ListNotBelieved(checked.value)
    made = datetime.fromtimestamp(checked.made_at, ZONE)
    console.print(f"Trust list {checked.serial}, {made:%d/%m/%Y %H:%M}", style="dim")
    return checked.by_kid()


def _signers() -> Mapping[bytes, Anchor]:
    """Whose health certificates are believed. Raises AnchorsUnreadable."""
    if not (named := settings().hc1_anchors):
        return {}
    if not Path(named).is_dir():
        raise AnchorsUnreadable(named)
    try:
        return anchors_in(Path(named))
    except NotAnAnchor as error:
        raise AnchorsUnreadable(str(error)) from error


def _statuses(status: Path | None, keys: Mapping[int, IssuerKey] | None) -> StatusList | None:
    if status is None or keys is None:
        return None
    checked = check_status_list(status.read_bytes(), keys, now())
    if isinstance(checked, ListFault):
        raise ListNotBelieved(checked.value)
    return checked


def _words(language: str) -> Say:
    """The catalogue of the pages, read without starting them."""
    with as_file(files("ksdb.web") / "locale") as folder:
        return gettext.translation("django", folder, [language], fallback=True).gettext

"""`ksdb keys …`: the offline root, the keys that sign, the trust list, and the key that seals numbers.

`init`, `sign` and `show` need no database: they run on the machine that holds the root and is not on the network.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ksdb.core.scope import Scope
from ksdb.core.token import Usage
from ksdb.core.trust_list import TrustList

app = typer.Typer(no_args_is_help=True, help="Keys that sign cards, the trust list, and the key that seals numbers.")
console = Console()

RootFile = Annotated[Path, typer.Option("--root", help="The root's file, on a stick that is otherwise in the safe.")]
Plain = Annotated[bool, typer.Option("--no-passphrase", help="The root's file has no passphrase: invented towns only.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def init(root: RootFile, *, no_passphrase: Plain = False) -> None:
    """Makes the root key in a new FILE, and its public half FILE.pub. Needs no database: do it off the network."""
    from ksdb.cards.keys import write_root
    from ksdb.core.trust_list import root_id

    if root.exists():
        raise typer.BadParameter(f"{root} is there already; a root is made once")
    public = write_root(root, _passphrase(no_passphrase, is_new=True))
    console.print(f"Root {root_id(public).hex()} lies in {root}. Make two copies, keep them in two safes.")
    console.print(f"On the server: ksdb keys anchor {root}.pub")


@app.command()
def anchor(
    public: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="FILE.pub of `ksdb keys init`.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="A new root: every scanner must be enrolled again.")
    ] = False,
) -> None:
    """Pins the root whose trust lists are believed on this machine."""
    from ksdb.cards.keys import pin_root, read_public_root
    from ksdb.core.trust_list import root_id

    key = read_public_root(public)
    pin_root(key, replaces=replace)
    console.print(f"Root {root_id(key).hex()} is believed from now on.")


@app.command()
def make(usage: Annotated[Usage, typer.Option(help="What it is to sign.")] = Usage.CARD) -> None:
    """Makes a new key: its row in the database, its file in the var folder of this machine."""
    with _at_the_database() as scope:
        from ksdb.cards.actions import make_issuer_key

        key = make_issuer_key(scope, usage=usage)
        console.print(f"Key {key.kid} for {usage} is made; it is valid until {key.not_after:%Y-%m-%d}.")
        _say_next(scope)


@app.command()
def rotate(usage: Annotated[Usage, typer.Option(help="Which keys.")] = Usage.CARD) -> None:
    """The newest key signs from now on and the older ones no more; what they signed stays good."""
    with _at_the_database() as scope:
        from ksdb.cards.actions.keys import rotate_key

        console.print(f"Key {rotate_key(scope, usage).kid} signs from now on; older keys for {usage} sign no more.")


@app.command("list")
def list_keys() -> None:
    """Shows every key: what it does, how many cards it signed, until when it is valid, and whether its file is here."""
    with _at_the_database() as scope:
        from ksdb.cards.life import CARDS_PER_KEY
        from ksdb.cards.queries.keys import keys_shown, newest_trust_list

        table = Table("key", "for", "state", "cards signed", "valid until", "in trust list", "file here")
        for key in keys_shown(scope):
            signed = f"{key.signed:,} of {CARDS_PER_KEY:,}" if key.usage == Usage.CARD else ""
            announced = str(key.announced_in or "no")
            here = "yes" if key.has_file else "no"
            table.add_row(str(key.kid), key.usage, key.state, signed, f"{key.not_after:%Y-%m-%d}", announced, here)
        console.print(table)
        newest = newest_trust_list(scope)
        console.print(f"Trust list {newest.serial}." if newest else "There is no trust list yet.")


@app.command()
def retire(kid: Annotated[int, typer.Argument(help="The key's number.")], *, yes: Yes = False) -> None:
    """Ends a key that leaked: nothing it signed is believed any more, and its cards are revoked."""
    with _at_the_database() as scope:
        from ksdb.cards.actions.keys import retire_key
        from ksdb.cards.queries.keys import cards_hit

        count = cards_hit(scope, kid)
        console.print(f"{count:,} cards in use were signed by key {kid}. They will be refused; all need new cards.")
        if not yes:
            typer.confirm(f"Retire key {kid} for good?", abort=True)
        console.print(f"{retire_key(scope, kid):,} cards are revoked. Gateways and scanners hear of it within seconds.")
        _say_next(scope)


@app.command()
def export(file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Writes the next trust list, unsigned, to be carried to the root."""
    with _at_the_database() as scope:
        from ksdb.cards.queries.keys import next_trust_list
        from ksdb.core.trust_list import coded

        trust = next_trust_list(scope)
        file.write_bytes(coded(trust))
    _show(trust)
    console.print(f"Written to {file}. At the root: ksdb keys sign {file} --root FILE --out {file}.signed")


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `ksdb keys export` wrote.")],
    root: RootFile,
    out: Annotated[Path, typer.Option(help="Where to write the signed list.")],
    *,
    no_passphrase: Plain = False,
    yes: Yes = False,
) -> None:
    """Signs a trust list with the root, after showing it. Needs no database; signs no serial twice."""
    from ksdb.cli.signing import signed_by_root

    if not yes:
        _show_file(file.read_bytes())
        typer.confirm("Are these the keys you expect, and do you sign for them?", abort=True)
    out.write_bytes(signed_by_root(file.read_bytes(), root, _passphrase(no_passphrase)))
    console.print(f"Signed: {out}. On the server: ksdb keys import {out}")


@app.command("import")
def import_list(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The signed list.")]) -> None:
    """Takes in a signed trust list: devices get it at once, and its keys may sign."""
    with _at_the_database() as scope:
        from ksdb.cards.actions.keys import import_trust_list
        from ksdb.cards.keys import pinned_root

        trust = import_trust_list(scope, file.read_bytes(), pinned_root())
    _show(trust)
    console.print(f"Trust list {trust.serial} is in use.")


@app.command()
def publish(root: RootFile, *, no_passphrase: Plain = False) -> None:
    """Export, sign and import in one, where the root's stick is put into the server for a moment."""
    with _at_the_database() as scope:
        from ksdb.cli.signing import publish_with

        trust = publish_with(scope, root, _passphrase(no_passphrase))
    _show(trust)
    console.print(f"Trust list {trust.serial} is in use. Take the stick out.")


@app.command()
def show(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A trust list.")]) -> None:
    """Shows a trust list, signed or not, without believing it. Needs no database."""
    _show_file(file.read_bytes())


@app.command("rotate-seal")
def rotate_seal(
    *,
    finish: Annotated[bool, typer.Option("--finish", help="Seal what is left under older keys; make no key.")] = False,
) -> None:
    """Makes a new seal key and seals everything anew: numbers, phones, what was written. Broken off, it goes on."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.rotating import run

    run(makes_key=not finish)


def _at_the_database() -> AbstractContextManager[Scope]:
    from ksdb.cli.signing import at_the_database

    return at_the_database()


def _passphrase(is_plain: bool, *, is_new: bool = False) -> bytes | None:
    if is_plain:
        return None
    return str(typer.prompt("Passphrase of the root", hide_input=True, confirmation_prompt=is_new)).encode()


def _show_file(content: bytes) -> None:
    from ksdb.cli.signing import list_in

    _show(list_in(content))


def _show(trust: TrustList) -> None:
    from ksdb.cli.signing import table_of

    console.print(table_of(trust))


def _say_next(scope: Scope) -> None:
    from ksdb.cards.queries.keys import newest_trust_list

    if newest_trust_list(scope):
        console.print("Scanners have to be told: ksdb keys export, sign and import the trust list (docs/runbook.md).")

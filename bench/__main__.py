"""Runs every benchmark and writes what they print into docs/benchmarks.md: `python -m bench`, or `make bench`."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = (
    ("Search", "search", "Looking for people among 1.2 million, by kind of question: P50 and P95, and a whole scan."),
    (
        "Security",
        "security",
        "Row-level security on the search, the audit trail written and followed, numbers sealed anew.",
    ),
    (
        "Duplicates",
        "duplicates",
        "Planted errors among 1,000,000 people: found, and false pairs, beside a peer's rule (trigrams, equal birth).",
    ),
    (
        "Import",
        "imports",
        "CSV rows through every check, sealed and keyed, beside a bare COPY of what they became.",
    ),
    ("Cards", "cards", "Issuing, and a sheet drawn with and without signing and making the symbol."),
    (
        "Print all",
        "printing",
        "Cards of all communes through `ksdb print all`, then the nightly check and a status list on the same cards.",
    ),
    (
        "Status list",
        "status_list",
        "1.2 million cards at random indexes below 2^22, 5 % revoked: what a scanner fetches, and its making.",
    ),
    (
        "Scans",
        "scans",
        "One row per scan over HTTP with signature and durable commit, beside pgbench (single inserts).",
    ),
    (
        "Scans on time",
        "steady",
        "An open client: scans are due whatever the gateway does. Memory and reload with them.",
    ),
    ("Scans on a full log", "volume", "Processor time per scan with more and more visits stored."),
    ("Scans, part by part", "bare", "What each part of the way manages alone."),
    (
        "Scanner",
        "scanner",
        "In Chromium: from a frame with a printed card, turned, blurred, dim, to the painted answer; starts; size.",
    ),
    (
        "Coverage",
        "coverage",
        "Pages of coverage, doors and duplicates at 1.2 million residents; what keeps the figures in step.",
    ),
    (
        "Registration",
        "registration",
        "Residents who register through all of Django: number, code, papers, card bound to a key; client included.",
    ),
    (
        "Tracing",
        "tracing",
        "Index, SQL engine and DuckDB asked the same of 50 million visits of 1.2 million people at 20,000 points.",
    ),
    ("Tracing, the page", "tracing_page", "From “Open and trace” to ranked contacts in Chromium, on the same visits."),
    (
        "Chains",
        "chains",
        "A chain of 5,000 cases: rows on the server, and from the click to the drawing in Chromium.",
    ),
)
HEAD = """# Benchmarks

Written by `make bench`; do not edit. What is compared stands side by side in one run: these machines are noisy, so
believe the ratios more than the numbers. Each part says when it ran, at which commit, and how busy the machine was
with other work in the minute before. `python -m bench search scans` runs these parts again and keeps the others.

{cores} cores · {memory:.0f} GiB · {system} · Python {python}
"""


def main() -> None:
    os.environ.setdefault("KSDB_VAR_DIR", str(ROOT / "var" / "bench"))
    os.environ["NO_COLOR"] = "1"
    asked = set(sys.argv[1:])
    if unknown := asked - {module for _, module, _ in PARTS}:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}")
    kept = _kept()
    for title, module, what in PARTS:
        if not asked or module in asked:
            kept[title] = f"{what}\n\n{_stamp()}\n\n```\n{_output(module)}\n```"
            _write(kept)
    print(f"written to {PAGE.relative_to(ROOT)}")


def _kept() -> dict[str, str]:
    """What the page says of each part by its title."""
    if not PAGE.exists():
        return {}
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {title: body.strip() for title, _, body in (section.partition("\n") for section in sections)}


def _write(parts: dict[str, str]) -> None:
    head = HEAD.format(
        cores=os.cpu_count(),
        memory=psutil.virtual_memory().total / 1024**3,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )
    sections = [f"\n## {title}\n\n{parts[title]}\n" for title, _, _ in PARTS if title in parts]
    PAGE.write_text(head + "".join(sections), encoding="utf-8")


def _stamp() -> str:
    load = os.getloadavg()[0]
    return f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC, commit {_commit()}, load before {load:.1f}"


def _output(module: str) -> str:
    print(f"== {module}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    print(done.stdout, flush=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout.strip()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()

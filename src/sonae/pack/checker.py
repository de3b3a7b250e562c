"""Check an opened resolution pack with Python alone: `python3 check.py` inside its folder.

Every file against the digest in manifest.json, then the balances added up again. The signature is
minisign's to check (READ-FIRST.en.html says how); without it, this shows only that nothing broke.
開封したパックを確かめる。署名は minisign で確かめること。
"""

import csv
import hashlib
import json
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent


def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def totals(folder: pathlib.Path) -> dict[str, int]:
    """What is owed by asset, from the CSV parts of a table."""
    found: dict[str, int] = {}
    for part in sorted(folder.glob("*.csv")):
        with part.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                found[row["asset"]] = found.get(row["asset"], 0) + max(0, int(row["units"]))
    return found


def main() -> int:
    """Say what does not hold; 0 where all does."""
    manifest = json.loads((here / "manifest.json").read_text("utf-8"))
    bad = []
    for file in manifest["files"]:
        path = here / file["name"]
        if not path.is_file():
            bad.append(f"missing: {file['name']}")
        elif digest(path) != file["sha256"]:
            bad.append(f"changed: {file['name']}")
    tables = {name: totals(here / name) for name in ("balances", "customers")}
    for line in manifest["totals"]:
        for name, found in tables.items():
            if found.get(line["asset"], 0) != int(line["owed"]):
                bad.append(f"{name}: {line['asset']} adds up to {found.get(line['asset'], 0)}")
        sys.stdout.write(f"{line['asset']}\t{line['owed']}\n")
    sys.stdout.write("\n".join(bad) + "\n" if bad else f"{len(manifest['files'])} files: good\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""The folder in which a large seal is made: what is finished outlasts a kill, and is made once.

`plan.json` says what is being sealed; a folder of another plan is emptied. `journal` has a line for
each finished stage with the digest of its file. A stage counts only where its file still has that
digest: what a crash of the machine took or tore is found and made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from sonae.actions.files import json_bytes, locked, replace_file, sync, take_away
from sonae.core.canonical import canonical_bytes, digest
from sonae.core.errors import SonaeError, UsageError

Info = dict[str, Any]
LOCK = "lock"


class Work:
    """An open working folder, this run's alone; discarded when its files have their place."""

    def __init__(self, folder: Path, plan: Info) -> None:
        self.folder = folder
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        try:
            self._lock = locked(folder / LOCK)
        except BlockingIOError as error:
            raise UsageError(f"{folder} is in use: the same is being sealed already") from error
        self.plan = self._resumed(plan)
        self._journal, self._behind = folder / "journal", ThreadPoolExecutor(1)
        self._done = self._read()
        self._waiting: list[Future[None]] = []

    def _resumed(self, plan: Info) -> Info:
        """The plan that stands there where it is of the same content, or else this one.

        What is under `how` does not change the result, and the first of it is kept.
        """
        file = self.folder / "plan.json"
        try:
            kept: Info = json.loads(file.read_bytes())
        except (FileNotFoundError, ValueError):
            kept = {}
        same = {k: v for k, v in kept.items() if k != "how"}
        if canonical_bytes(same) == canonical_bytes({k: v for k, v in plan.items() if k != "how"}):
            return kept
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()
        replace_file(file, json_bytes(plan))
        return plan

    def _read(self) -> dict[str, Info]:
        """The finished stages, as the journal has them; a line that is torn or lies is dropped."""
        found: dict[str, Info] = {}
        for line in self._journal.read_bytes().splitlines() if self._journal.exists() else []:
            try:
                said = json.loads(line)["said"]
                if line + b"\n" == self._line(said):
                    found[said["stage"]] = said
            except (ValueError, KeyError, TypeError):
                continue
        replace_file(self._journal, b"".join(map(self._line, found.values())))
        return found

    def _line(self, said: Info) -> bytes:
        """What the journal says of a stage, with a digest over it and what is being sealed."""
        of = {k: v for k, v in self.plan.items() if k != "how"}
        return canonical_bytes({"said": said, "sha256": digest([of, said])}) + b"\n"

    def path(self, name: str) -> Path:
        """A file in the folder, for its owner's eyes only; its own folder is made."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return path

    def done(self, stage: str, like: Info | None = None) -> Info | None:
        """What a finished stage said of itself, as in `like`; None where it is to be made."""
        said = self._done.get(stage)
        if said is None or any(said.get(key) != value for key, value in (like or {}).items()):
            return None
        if said.get("checked"):
            return said
        for name, known in said["files"].items():
            if _digest(self.folder / name) != known:
                del self._done[stage]
                return None
        said["checked"] = True
        return said

    def finish(self, stage: str, files: list[Path], info: Info) -> None:
        """A stage is finished: its files are put on disk behind our back, then the journal."""
        self._waiting.append(self._behind.submit(self._finish, stage, files, info))

    def _finish(self, stage: str, files: list[Path], info: Info) -> None:
        for path in files:
            sync(path)
        names = {str(path.relative_to(self.folder)): _digest(path) for path in files}
        said = {"stage": stage, "files": names, **info}
        with self._journal.open("ab") as stream:
            stream.write(self._line(said))
            stream.flush()
            os.fsync(stream.fileno())
        self._done[stage] = {**said, "checked": True}

    def discard(self) -> None:
        """Take the folder away; its plan first, so that what a kill leaves of it is not used."""
        (self.folder / "plan.json").unlink(missing_ok=True)
        take_away(self.folder, LOCK)

    def behind(self, path: Path) -> None:
        """Begin to put on disk what a growing file has so far."""
        self._waiting.append(self._behind.submit(sync, path))

    def settle(self) -> None:
        """Wait until all that was finished is on disk."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.result()

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Leave the folder as it is, or, where what was to be sealed is refused, take it away."""
        self._behind.shutdown(cancel_futures=True)
        if isinstance(error, SonaeError):
            self.discard()
        os.close(self._lock)


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None

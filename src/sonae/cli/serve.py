"""`sonae serve`: the console."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import Language, app, language, progress
from sonae.core.errors import UsageError


@app.command
def serve(
    home: Annotated[Path | None, Parameter(name="HOME")] = None,
    *,
    demo: bool = False,
    host: str = "127.0.0.1",
    port: int = 8470,
    store: str | None = None,
    origin: str | None = None,
    lang: Language = None,
) -> int:
    """Serve the console until SIGTERM (Ctrl-C): screens, and their JSON as the API.

    Parameters
    ----------
    home
        A folder of firms, one folder each: see the guide, docs/guide/console.md.
    demo
        Fill HOME (out/console where none is given) with the demo venues and let everyone on this
        machine look.
    host
        Where to listen; another address than this machine's own needs people who sign in.
    port
        0 takes a free one; the address is printed.
    store
        Where people, sessions and the log are kept: a SQLite file (HOME/console.db where none is
        given) or postgresql://...
    origin
        The address that browsers see, such as https://console.example, behind a proxy.
    """
    if demo:
        from sonae.actions.demo.console import FILLERS, fill

        home = home or Path("out/console")
        with progress(language(lang), 4 * len(FILLERS)) as bar:
            fill(home, bar.step)
    if home is None:
        raise UsageError("name the folder of the console, or give --demo")
    said = [str(home), "--host", host, "--port", str(port), *(["--demo"] if demo else [])]
    said += ["--store", store] if store else []
    said += ["--origin", origin] if origin else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "sonae.web.serve", *said])

"""Leave a page behind: whole or not at all, and without taking what else there is to say with it."""

import sys
from contextlib import suppress
from errno import EISDIR, ENOTDIR
from pathlib import Path


def look_at_places(report: Path | None, numbers: Path | None) -> None:
    """Look whether files can be written where they are asked for, before anything is played; raises OSError."""
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
    if numbers is None or str(numbers) == "-":
        return
    if numbers.is_dir():
        raise IsADirectoryError(EISDIR, "Is a folder", str(numbers))
    if not numbers.parent.is_dir():
        raise NotADirectoryError(ENOTDIR, "No such folder", str(numbers.parent))


def leave_page(folder: Path, html: str) -> bool:
    """Write a page, an older one staying until the new one is whole; say where it lies, and return whether it does."""
    path, fresh = folder / "index.html", folder / ".index.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_text(html, "utf-8")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        sys.stderr.write(f"--report: {error}\n")
        return False
    sys.stderr.write(f"The report lies in {path}.\n")
    return True

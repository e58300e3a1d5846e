"""A document as PDF: printed by a Chromium on this machine, with the signed record inside as an attachment."""

import hashlib
import os
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.errors import TradeoffError
from core.record.signing import in_page, read_signed, signed_text

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = ("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--disable-extensions",
         "--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer",
         "--host-resolver-rules=MAP * ~NOTFOUND")  # fmt: skip
SECONDS = 60
RECORD, PAGES = "decision-record.json", "/TradeoffPages"


def browser() -> str | None:
    """The Chromium of this machine that prints; None when there is none. `TRADEOFF_CHROMIUM` names another."""
    named = os.environ.get("TRADEOFF_CHROMIUM", "")
    return shutil.which(named) if named else next((path for name in BROWSERS if (path := shutil.which(name))), None)


def pdf(page: str) -> bytes:
    """The PDF of an HTML document.

    Raises:
        TradeoffError: there is no Chromium, or it could not print.
    """
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(_printed(page))))
    writer.add_attachment(RECORD, signed_text(in_page(page)["record"]).encode())
    writer.add_metadata({PAGES: _pages_hash(writer)})
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def in_pdf(content: bytes) -> tuple[dict[str, Any], bool]:
    """The signed record of a PDF, and whether its pages are as they were printed.

    Raises:
        TradeoffError: it is no PDF, or holds no record that can be read.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(BytesIO(content))
        attached = reader.attachments.get(RECORD, [b""])
        about: Any = reader.metadata or {}
        printed = str(about.get(PAGES, ""))
        unchanged = printed == _pages_hash(reader)
        text = attached[0].decode("utf-8")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise TradeoffError(
            "The file is no PDF that can be read",
            remedy="Give a file that `report DATASET --out FILE.pdf` made, unchanged.",
        ) from error
    return read_signed(text), unchanged


def _printed(page: str) -> bytes:
    found = browser()
    if found is None:
        raise TradeoffError(
            "A PDF needs Chromium or Chrome, and none was found on this machine",
            remedy="Install it (Debian: apt-get install chromium), or take .html and print it from any browser.",
        )
    with TemporaryDirectory(prefix="tradeoff-print-", ignore_cleanup_errors=True) as folder:
        source, made = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8", errors="surrogatepass")
        # Chromium refuses its sandbox to root; the page is ours and may run nothing.
        rootless = ("--no-sandbox",) if os.geteuid() == 0 else ()
        places = (f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", source.as_uri())
        nothing = subprocess.DEVNULL
        try:
            subprocess.run([found, *FLAGS, *rootless, *places], stdin=nothing, stdout=nothing, stderr=nothing,
                           timeout=SECONDS, check=False, cwd=folder)  # fmt: skip
            return made.read_bytes()
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TradeoffError(
                f"{Path(found).name} could not print the document",
                remedy="Take .html and print it from any browser, or name another Chromium in TRADEOFF_CHROMIUM.",
            ) from error


def _pages_hash(document: Any) -> str:
    """A hash over what the pages draw, in their order."""
    digest = hashlib.sha256()
    for page in document.pages:
        contents = page.get_contents()
        data = contents.get_data() if contents is not None else b""
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()

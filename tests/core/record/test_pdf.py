"""A record as PDF: printed by a real Chromium, with the record inside."""

from io import BytesIO
from pathlib import Path

import pytest

from core.errors import TradeoffError
from core.home import Home
from core.record.files import as_bytes
from core.record.gather import record
from core.record.pdf import browser, in_pdf, pdf
from core.record.verify import verify
from tests.ui.fixtures import finished_run, questions


@pytest.mark.skipif(browser() is None, reason="Chromium is not installed; .ci/run installs it")
def test_a_pdf_can_be_read_and_checked(home: Home, tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    dataset = questions(home, test=40)
    for name in ("majority", "minilm-full"):
        finished_run(home, dataset, name)
    made = record(home, "questions")
    content = as_bytes(made, ".pdf")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    assert "Take minilm-full" in text
    path = tmp_path / "decision.pdf"
    path.write_bytes(content)
    assert verify(home, path).agrees

    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    del writer.pages[0]
    shorter = BytesIO()
    writer.write(shorter)
    path.write_bytes(shorter.getvalue())
    assert verify(home, path).faults == ("The pages of the PDF are not those that were printed",)


def test_without_a_browser_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEOFF_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(TradeoffError, match="needs Chromium") as told:
        pdf("<p>")
    assert ".html" in told.value.remedy


def test_a_pdf_of_somebody_else_is_told() -> None:
    from pypdf import PdfWriter

    blank = PdfWriter()
    blank.add_blank_page(100, 100)
    content = BytesIO()
    blank.write(content)
    with pytest.raises(TradeoffError, match="no decision record"):
        in_pdf(content.getvalue())

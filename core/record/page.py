"""The document of a record: one HTML file that opens offline, prints well and loads nothing from anywhere."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from core.charting.looks import FAMILIES
from core.record import charts, words
from core.record.money_chart import break_even
from core.record.parts import DecisionRecord
from core.record.signing import NOTHING, embedded, hash_of, sealed

FOLDER = Path(__file__).parent


def page(record: DecisionRecord) -> str:
    """The signed HTML document of a record."""
    content = record.model_dump(mode="json")
    decided, cheap = record.decision, record.decision.question.cheap
    html = _template().render(
        **words.words(record),
        nothing=NOTHING, css=Markup((FOLDER / "page.css").read_text(encoding="utf-8") + _families()), decision=decided,
        hash=hash_of(content), embedded=Markup(embedded(content)),
        charts={
            "main": Markup(charts.tradeoff(record, cheap)),
            "differences": Markup(charts.differences(decided)),
            "break_even": Markup(break_even(record)),
            "energy": Markup("" if cheap == "kwh" else charts.tradeoff(record, "kwh")),
        },
    )  # fmt: skip
    return sealed(html)


@lru_cache(maxsize=1)
def renderer() -> str:
    """A mark of the code that draws documents: two releases with the same mark draw the same page."""
    digest = hashlib.sha256((FOLDER.parent / "charting" / "looks.py").read_bytes())
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in (".py", ".html", ".css"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _families() -> str:
    """The colours of the families, on light and on dark."""
    light = "\n".join(f"svg .f-{name} {{ color: {colour}; }}" for name, (_, colour, _) in FAMILIES.items())
    dark = "\n".join(f"  svg .f-{name} {{ color: {colour}; }}" for name, (_, _, colour) in FAMILIES.items())
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _template() -> Any:
    # Half of the dashboard's visitors never make a document; Jinja is loaded with the first.
    from jinja2 import Environment, StrictUndefined

    source = (FOLDER / "page.html").read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(source)

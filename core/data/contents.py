"""Checks of the audit about what stands in the texts."""

import re
from collections.abc import Callable

import numpy as np

from core.data.finding import Finding, Severity, counted
from core.data.material import Material

HTML = re.compile(
    r"</?(?:p|br|div|a|span|b|i|u|em|strong|img|li|ul|ol|td|tr|th|table|h[1-6]|script|style|font)"
    r"(?:\s+[a-z][a-z-]*\s*=[^<>]{0,500})?\s*/?>|&(?:amp|lt|gt|quot|nbsp|apos|#\d{1,6}|#x[0-9a-f]{1,5});",
    re.IGNORECASE,
)
FAR_OUT = 3.0
"""Tukey's far-out fence: so many interquartile ranges above the third quartile, on logarithms of lengths."""

SUSPECT = re.compile(r"[^\x00-\x7f]{2,}")
SURELY_BROKEN = re.compile("[\ufffd\x80-\x9f]|\\+[¡-ÿ]|(?<!\\w)-[¦¬®¼«»]|\\d-á\\d")
"""The replacement character, control characters of Windows-1252 read as Latin-1, and box-drawing characters that
were turned into + and - afterwards: `+ñ` was once `├ñ`, the bytes of `ä` read as code page 437."""


def empty_texts(material: Material) -> list[Finding]:
    """Texts without a character."""
    rows = material.frame[material.frame["empty"]]
    if rows.empty:
        return [material.well("empty_texts", "No text is empty")]
    by_split = ", ".join(f"{count:,} in {split}" for split, count in rows["split"].value_counts().items())
    return [
        material.finding(
            "empty_texts", f"{counted(len(rows), 'text is', 'texts are')} empty",
            f"There is nothing to read in them ({by_split}), so an answer can only be guessed.", "warning",
            rows, rows, "All empty texts, in every split.",
        )
    ]  # fmt: skip


def wordless_texts(material: Material) -> list[Finding]:
    """Texts without a single letter or digit."""
    rows = material.filled
    rows = rows[~rows["raw"].map(lambda text: any(map(str.isalnum, text)))]
    if rows.empty:
        return [material.well("wordless_texts", "Every text that is not empty has a letter or a digit")]
    return [
        material.finding(
            "wordless_texts", f"{counted(len(rows), 'text has', 'texts have')} no letter and no digit",
            "They hold marks or symbols only. That may be meant (emoji), or be a fault of the file.", "notice",
            rows, rows[rows["split"] == "train"], "Those of the training set.",
        )
    ]  # fmt: skip


def broken_characters(material: Material) -> list[Finding]:
    """Texts that were once read with the wrong encoding."""
    return _marked(
        material, "broken_characters", is_mojibake, "look as if read with a wrong encoding",
        "looks as if read with a wrong encoding", "No text looks as if read with a wrong encoding",
        "Letters with accents or typographic marks became sequences such as “Ã©”, “â€™” or “+ñ”. Best is to import "
        "the original file again with its true encoding.", "warning",
    )  # fmt: skip


def markup(material: Material) -> list[Finding]:
    """Texts with HTML in them."""
    return _marked(
        material, "markup", lambda text: HTML.search(text) is not None, "hold HTML", "holds HTML",
        "No text holds HTML",
        "Tags such as <br> or entities such as &amp; cost tokens and can tell the source rather than the label. Best "
        "is to strip them from the file and import it again.", "notice",
    )  # fmt: skip


def odd_lengths(material: Material) -> list[Finding]:
    """Texts that are far longer or far shorter than the others."""
    rows = material.filled
    sizes = np.log(rows["raw"].str.len().to_numpy(dtype=float))
    low, high = np.quantile(sizes, (0.25, 0.75)) if len(sizes) else (0.0, 0.0)
    fence = FAR_OUT * max(high - low, np.log(1.5))
    found = rows[(sizes > high + fence) | (sizes < low - fence)]
    if found.empty:
        return [material.well("odd_lengths", "No text is far longer or shorter than the others")]
    order = np.argsort(-found["raw"].str.len().to_numpy(), kind="stable")
    shortest, longest = int(found["raw"].str.len().min()), int(found["raw"].str.len().max())
    extent = f"{shortest:,} to {longest:,}" if shortest < longest else f"{longest:,}"
    return [
        material.finding(
            "odd_lengths",
            f"{counted(len(found), 'text is', 'texts are')} far longer or shorter than the others",
            f"Half of the texts have {np.exp(low):,.0f} to {np.exp(high):,.0f} characters; these have "
            f"{extent}. A row may have been read wrongly, or "
            "several texts run into one.",
            "notice", found.iloc[order], found[found["split"] == "train"], "Those of the training set.",
        )
    ]  # fmt: skip


def is_mojibake(text: str) -> bool:
    """Whether `text` seems to be UTF-8 that was once read with another encoding.

    A run of characters beyond ASCII that was written as Windows-1252 or Latin-1 and is valid UTF-8 is no accident.

    >>> is_mojibake("It’s a café"), is_mojibake("Itâ€™s a cafÃ©")
    (False, True)
    """
    if text.isascii():
        return False
    return SURELY_BROKEN.search(text) is not None or any(_reads_as_utf8(run) for run in SUSPECT.findall(text))


def _reads_as_utf8(run: str) -> bool:
    if len(run) == 2 and run[1] in "»“”‘’…–—" and run[0] not in "ÃÂ":
        return False  # a quotation that ends in a capital letter: «CAFÉ»
    for encoding in ("cp1252", "latin-1"):
        try:
            run.encode(encoding).decode("utf-8")
            return True
        except UnicodeError:
            continue
    return False


def _marked(
    material: Material, kind: str, is_marked: Callable[[str], bool], many: str, one: str, well: str,
    explanation: str, severity: Severity,
) -> list[Finding]:  # fmt: skip
    rows = material.filled[material.filled["raw"].map(is_marked)]
    if rows.empty:
        return [material.well(kind, well)]
    train = rows[rows["split"] == "train"]
    return [
        material.finding(kind, counted(len(rows), f"text {one}", f"texts {many}"), explanation, severity, rows,
                         train, "Those of the training set.")
    ]  # fmt: skip

"""Checks of the audit about labels and about what stands in the texts."""

import re
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from core.data.finding import Finding, LabelCount, Severity, counted
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


def label_counts(frame: pd.DataFrame) -> list[LabelCount]:
    """Examples of each label by split, the most frequent training label first."""
    table = pd.crosstab(frame["target"], frame["split"]).reindex(columns=["train", "validation", "test"], fill_value=0)
    table = table.sort_values("train", ascending=False, kind="stable")
    rows = zip(table.index.astype(str), table.to_numpy().tolist(), strict=True)
    return [LabelCount(label=label, train=row[0], validation=row[1], test=row[2]) for label, row in rows]


def imbalance_ratio(frame: pd.DataFrame) -> float | None:
    """Examples of the most frequent training label over those of the least frequent."""
    counts = frame.loc[frame["split"] == "train", "target"].value_counts()
    return float(counts.iloc[0] / counts.iloc[-1]) if len(counts) else None


def class_balance(material: Material) -> list[Finding]:
    """Whether some labels have far more training examples than others."""
    counts = material.frame.loc[material.frame["split"] == "train", "target"].value_counts()
    ratio = counts.iloc[0] / counts.iloc[-1]
    most, least = (_cut(str(label)) for label in (counts.index[0], counts.index[-1]))
    spread = f"“{most}” has {counts.iloc[0]:,} training texts, “{least}” {counts.iloc[-1]:,}."
    if ratio < material.settings.imbalance_notice:
        return [material.well("class_balance", "The labels are about equally frequent", spread)]
    share = counts.iloc[0] / counts.sum()
    return [
        material.finding(
            "class_balance",
            f"The most frequent label has {ratio:,.0f} times the examples of the least frequent",
            f"{spread} Always answering “{most}” would be right on {share:.0%} of them, so look at macro F1 beside "
            "accuracy, and consider class weights.",
            "warning" if ratio >= material.settings.imbalance_warning else "notice",
            material.frame.iloc[:0],
            count=int((counts * material.settings.imbalance_notice <= counts.iloc[0]).sum()),
        )
    ]


def rare_labels(material: Material) -> list[Finding]:
    """Labels with hardly any training example."""
    frame, below = material.frame, material.settings.rare_below
    counts = frame.loc[frame["split"] == "train", "target"].value_counts()
    rare = counts[counts < below]
    if rare.empty:
        return [material.well("rare_labels", f"Every label has at least {below} training texts")]
    rows = frame[frame["target"].isin(set(rare.index))]
    return [
        material.finding(
            "rare_labels",
            f"{counted(len(rare), 'label has', 'labels have')} fewer than {below} training texts",
            f"{_named(rare.index)} can hardly be learned from so few examples, and scores of "
            f"{'it' if len(rare) == 1 else 'them'} are guesses. Add examples or join labels.",
            "warning",
            rows,
            rows,
            "All texts of these labels, in every split.",
            len(rare),
        )
    ]


def unseen_labels(material: Material) -> list[Finding]:
    """Labels that are asked for but never taught."""
    frame = material.frame
    rows = frame[~frame["target"].isin(set(frame.loc[frame["split"] == "train", "target"]))]
    if rows.empty:
        return [material.well("unseen_labels", "Every label of validation and test occurs in training")]
    labels = list(dict.fromkeys(rows["target"]))
    never = "never occurs" if len(labels) == 1 else "never occur"
    return [
        material.finding(
            "unseen_labels",
            f"{counted(len(labels), 'label')} of validation or test {never} in training",
            f"{_named(labels)}: a trained model cannot answer right on {counted(len(rows), 'text', 'texts')}.",
            "problem" if (rows["split"] == "test").any() else "warning",
            rows,
            rows,
            "The validation and test texts of these labels.",
            len(labels),
        )
    ]


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
            " several texts run into one.",
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


def _named(labels: Iterable[object]) -> str:
    names = [f"“{_cut(str(label))}”" for label in labels]
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _cut(label: str) -> str:
    return label if len(label) <= 60 else label[:60].rstrip() + " …"

"""The audit on public sets whose defects are known; skipped where they are absent."""

from pathlib import Path

import pandas as pd
import pytest

from core.data import contents, overlaps
from core.data.finding import AuditSettings, Finding
from core.data.material import Material

SETS = Path(__file__).parents[3].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not SETS.exists(), reason="the public sets are not on this machine")


def material(name: str) -> Material:
    parts = [
        pd.read_csv(path, dtype=str, keep_default_na=False).assign(split=path.name.split(".")[0])
        for path in sorted((SETS / name).glob("*.csv*"), reverse=True)
    ]
    frame = pd.concat(parts, ignore_index=True).rename(columns={"label": "target"})
    return Material(frame.assign(id=frame.index.astype(str)), AuditSettings())


def found(findings: list[Finding], kind: str) -> Finding:
    return next(finding for finding in findings if finding.kind == kind)


def in_split(texts: Material, finding: Finding, split: str) -> int:
    return int((texts.frame["id"].isin(set(finding.ids)) & (texts.frame["split"] == split)).sum())


def test_liar() -> None:
    texts = material("liar")
    assert found(overlaps.exact_duplicates(texts), "exact_duplicates").count == 17
    assert found(overlaps.test_in_train(texts), "test_in_train").count == 4
    two = found(overlaps.two_labels(texts), "two_labels")
    to_the_letter = texts.of("train").groupby("raw")["target"].nunique()
    assert (to_the_letter > 1).sum() == 6
    assert two.count == 7  # one more but for case and punctuation


def test_fpb() -> None:
    texts = material("fpb_50agree")
    broken = found(contents.broken_characters(texts), "broken_characters")
    assert in_split(texts, broken, "train") >= 56
    beyond_ascii = texts.frame[texts.frame["text"].map(lambda text: not text.isascii())]
    assert set(broken.ids) <= set(beyond_ascii["id"])
    assert found(overlaps.two_labels(texts), "two_labels").count == 2


def test_banking77() -> None:
    findings = overlaps.test_in_train(material("banking77"))
    assert sum(finding.count for finding in findings if finding.kind != "test_near_train") >= 25


def test_20newsgroups() -> None:
    texts = material("20newsgroups")
    texts.__dict__["near"] = []  # left out here: it takes seconds
    empty = found(contents.empty_texts(texts), "empty_texts")
    assert (in_split(texts, empty, "train"), in_split(texts, empty, "test")) == (300, 215)
    leaked = found(overlaps.test_in_train(texts), "test_in_train").count
    assert leaked + in_split(texts, empty, "test") == 231
    to_the_letter = texts.of("train").groupby("raw")["target"].nunique()
    assert (to_the_letter > 1).sum() == 8  # the ninth that is known is the empty text
    assert found(overlaps.two_labels(texts), "two_labels").count >= 8

"""Checks of the audit about texts that stand there more than once: copies, contradictions, leaks.

Leaving out always removes from the training set: the test set stays what it was, so scores stay comparable.
"""

import pandas as pd

from core.data.duplicates import THRESHOLD, jaccard, shingles
from core.data.finding import Finding, Severity, counted
from core.data.material import Material, numbered

MOST_COMPARED = 20
"""Training texts of one group of near duplicates with which a held-out text is compared."""


def exact_duplicates(material: Material) -> list[Finding]:
    """Training texts that are the same to the letter."""
    train = material.of("train")
    rows = train[train["raw"].duplicated(keep=False)]
    extra = int(train["raw"].duplicated().sum())
    if not extra:
        return [material.well("exact_duplicates", "No training text stands there twice")]
    held_out = sum(int(material.of(split)["raw"].duplicated().sum()) for split in ("validation", "test"))
    also = f" Validation and test hold {counted(held_out, 'copy', 'copies')} more; they stay." if held_out else ""
    return [
        material.finding(
            "exact_duplicates",
            f"{counted(extra, 'training text is a copy', 'training texts are copies')} of another",
            "The same text stands in the training set more than once, so it counts more than once." + also,
            "warning" if extra > 0.01 * len(train) else "notice",
            _grouped(rows, rows["raw"]),
            rows[rows.duplicated(["raw", "target"])],
            "All copies but the first; a copy with another label is kept, see texts with two labels.",
            extra,
        )
    ]


def near_duplicates(material: Material) -> list[Finding]:
    """Training texts that differ in case and punctuation or in a few words only."""
    train = material.of("train")
    train = train.assign(component=material.component.loc[train.index])
    distinct = train.drop_duplicates("raw")
    extra = int(distinct["component"].duplicated().sum())
    if not extra:
        return [material.well("near_duplicates", "No two training texts are nearly the same")]
    sizes = distinct.groupby("component")["raw"].transform("size")
    members = distinct[sizes > 1]
    crowded = set(members.loc[sizes[sizes > material.settings.crowd].index, "component"])
    first = distinct.drop_duplicates(["component", "meaning"])
    spare = ~train["raw"].isin(set(first["raw"])) & ~train["component"].isin(crowded)
    rows = train[train["component"].isin(set(members["component"]))]
    crowds = (
        f" Not offered to be left out: {counted(len(crowded), 'group')} of more than {material.settings.crowd} texts, "
        "which looks like a template that is filled in."
    )
    return [
        material.finding(
            "near_duplicates",
            f"{counted(extra, 'training text is', 'training texts are')} nearly the same as another",
            "They differ in case, punctuation or a few characters only (at least 80 % of their runs of five characters "
            "are shared, numbers are equal). They teach little that is new." + (crowds if crowded else ""),
            "notice",
            _grouped(rows, rows["component"]),
            train[spare],
            "Of each group and label all but the first text.",
            extra,
        )
    ]


def two_labels(material: Material) -> list[Finding]:
    """Texts that carry different labels, in whichever split."""
    rows = material.filled
    rows = rows[rows["key"].duplicated(keep=False)]
    rows = rows[rows.groupby("key")["meaning"].transform("nunique") > 1]
    texts = rows["key"].nunique()
    single = material.task == "single_label"
    if not texts:
        return [material.well("two_labels", f"No text {'carries two labels' if single else 'is labelled in two ways'}")]
    one, many = ("carries", "carry") if single else ("is labelled", "are labelled")
    return [
        material.finding(
            "two_labels",
            f"{counted(texts, f'text {one}', f'texts {many}')} {'two or more labels' if single else 'in two ways'}",
            "The same text (but for case and punctuation) is labelled differently in different places, so no model can "
            "be right on all of them." + _which_part(material, rows),
            "warning",
            _grouped(rows, rows["key"]),
            rows[rows["split"] == "train"],
            "All training copies of these texts, since it is not known which label is right.",
            texts,
        )
    ]


def _which_part(material: Material, rows: pd.DataFrame) -> str:
    """In how many of the texts the intent differs, for tasks with intents and slots."""
    if material.task != "intent_slots":
        return ""
    intents = int((rows.groupby("key")["label"].nunique() > 1).sum())
    return f" The intent differs in {intents:,} of them, in the others only the slots."


def test_in_train(material: Material) -> list[Finding]:
    """Test texts that a model can learn by heart."""
    return _leaks(material, "test", "problem")


def validation_in_train(material: Material) -> list[Finding]:
    """Validation texts that a model can learn by heart."""
    return _leaks(material, "validation", "warning")


def _leaks(material: Material, split: str, severity: Severity) -> list[Finding]:
    train, held_out = material.of("train"), material.of(split)
    same = held_out["raw"].isin(set(train["raw"]))
    alike = ~same & held_out["key"].isin(set(train["key"]))
    near = _near_partners(material, train, held_out[~same & ~alike])
    findings = [
        _leak(material, split, "", "stands in the training set too", "stand in the training set too",
              held_out[same], train, "raw", severity),
        _leak(material, split, "_but_for_case", "equals a training text but for case and punctuation",
              "equal a training text but for case and punctuation", held_out[alike], train, "key", severity),
        _near_leak(material, split, held_out.loc[list(near)], train, near),
    ]  # fmt: skip
    found = [finding for finding in findings if finding is not None]
    return found or [material.well(f"{split}_in_train", f"No {split} text stands in the training set")]


WHY = "A model can know these answers by heart, so the score on them says nothing about new texts."
LEFT_OUT = "The training copies; the {split} set stays as it is, so that results stay comparable."


def _leak(
    material: Material, split: str, suffix: str, one: str, many: str,
    held_out: pd.DataFrame, train: pd.DataFrame, column: str, severity: Severity,
) -> Finding | None:  # fmt: skip
    if held_out.empty:
        return None
    copies = train[train[column].isin(set(held_out[column]))]
    both = pd.concat([held_out, copies])
    return material.finding(
        f"{split}_in_train{suffix}", f"{counted(len(held_out), f'{split} text {one}', f'{split} texts {many}')}",
        WHY, severity, _grouped(both, both[column]), copies, LEFT_OUT.format(split=split), len(held_out),
    )  # fmt: skip


def _near_leak(
    material: Material, split: str, held_out: pd.DataFrame, train: pd.DataFrame, near: dict[int, tuple[str, float]]
) -> Finding | None:
    if held_out.empty:
        return None
    held_out = held_out.assign(
        twin=[near[place][0] for place in held_out.index], confidence=[near[place][1] for place in held_out.index]
    )
    copies = train[train["key"].isin(set(held_out["twin"]))].assign(confidence=float("nan"))
    copies = copies.assign(twin=copies["key"])
    both = pd.concat([held_out, copies])
    return material.finding(
        f"{split}_near_train",
        counted(len(held_out), f"{split} text is nearly the same as a training text",
                f"{split} texts are nearly the same as a training text"),
        "At least 80 % of their runs of five characters are shared. " + WHY, "warning" if split == "test" else "notice",
        _grouped(both, both["twin"]), copies, LEFT_OUT.format(split=split), len(held_out),
    )  # fmt: skip


def _near_partners(material: Material, train: pd.DataFrame, held_out: pd.DataFrame) -> dict[int, tuple[str, float]]:
    """By row of `held_out`: the key of the most similar training text of its group and their similarity."""
    component = material.component
    in_train: dict[int, list[str]] = {}
    wanted = set(component.loc[held_out.index])
    for number, key in zip(component.loc[train.index], train["key"], strict=True):
        if number in wanted:
            in_train.setdefault(number, []).append(key)
    direct = _direct_partners(material, set(train["key"]))
    partners: dict[int, tuple[str, float]] = {}
    for place, key in held_out["key"].items():
        others = in_train.get(component.loc[place], ())
        known = direct.get(key)
        compared = dict.fromkeys(others if known is None else ())
        scored = [(jaccard(shingles(key), shingles(other)), other) for other in list(compared)[:MOST_COMPARED]]
        similarity, twin = (known[1], known[0]) if known else max(scored, default=(0.0, ""))
        if similarity >= THRESHOLD:
            partners[int(place)] = (twin, round(similarity, 3))
    return partners


def _direct_partners(material: Material, train_keys: set[str]) -> dict[str, tuple[str, float]]:
    """By key: the most similar training key among the pairs that were found."""
    partners: dict[str, tuple[str, float]] = {}
    for first, second, similarity in material.near:
        for one, other in ((first, second), (second, first)):
            key, twin = material.keys[one], material.keys[other]
            if twin in train_keys and similarity > partners.get(key, ("", 0.0))[1]:
                partners[key] = (twin, similarity)
    return partners


def _grouped(rows: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """`rows` with a group number, copies of one text beside each other."""
    return rows.assign(group=numbered(by)).sort_values("group", kind="stable")

"""Checks of the audit about labels: how often each occurs, and where.

Each check is made for every layer of labels that the task has: those of whole texts, those of spans.
"""

import re
from collections.abc import Iterable

import pandas as pd

from core.data.finding import Finding, LabelCount, counted
from core.data.material import Layer, Material
from core.tasks import get_task

JOINS = re.compile(r"\s*(?:[#+|;,/&]|\band\b)\s*")


def label_counts(material: Material) -> list[LabelCount]:
    """Texts (of span labels: spans) of each label by split, the most frequent training label of a layer first."""
    found = []
    for layer in material.layers:
        table = pd.crosstab(layer.rows["label"], layer.rows["split"])
        table = table.reindex(columns=["train", "validation", "test"], fill_value=0)
        table = table.sort_values("train", ascending=False, kind="stable")
        rows = zip(table.index.astype(str), table.to_numpy().tolist(), strict=True)
        found += [
            LabelCount(label=layer.prefix + label, train=row[0], validation=row[1], test=row[2]) for label, row in rows
        ]
    return found


def imbalance_ratio(material: Material) -> float | None:
    """Examples of the most frequent training label over those of the least frequent, in the first layer."""
    counts = material.layers[0].in_train
    return float(counts.iloc[0] / counts.iloc[-1]) if len(counts) else None


def class_balance(material: Material) -> list[Finding]:
    """Whether some labels have far more training examples than others."""
    return [_balance(material, layer) for layer in material.layers if len(layer.in_train)]


def _balance(material: Material, layer: Layer) -> Finding:
    counts, kind = layer.in_train, "class_balance" + layer.suffix
    ratio = counts.iloc[0] / counts.iloc[-1]
    most, least = (_cut(str(label)) for label in (counts.index[0], counts.index[-1]))
    spread = f"“{most}” has {counts.iloc[0]:,} training {layer.unit}s, “{least}” {counts.iloc[-1]:,}."
    if ratio < material.settings.imbalance_notice:
        return material.well(kind, f"The {layer.noun}s are about equally frequent", spread)
    share = counts.iloc[0] / counts.sum()
    advice = (
        f"{spread} Always answering “{most}” would be right on {share:.0%} of them, so look at macro F1 beside "
        "accuracy, and consider class weights."
        if layer.exclusive
        else f"{spread} Look at macro F1 beside micro F1: it counts the rare ones as much as the frequent."
    )
    return material.finding(
        kind, f"The most frequent {layer.noun} has {ratio:,.0f} times the examples of the least frequent", advice,
        "warning" if ratio >= material.settings.imbalance_warning else "notice", material.frame.iloc[:0],
        count=int((counts * material.settings.imbalance_notice <= counts.iloc[0]).sum()),
    )  # fmt: skip


def rare_labels(material: Material) -> list[Finding]:
    """Labels with hardly any training example."""
    return [_rare(material, layer) for layer in material.layers]


def _rare(material: Material, layer: Layer) -> Finding:
    below, kind = material.settings.rare_below, "rare_labels" + layer.suffix
    rare = layer.in_train[layer.in_train < below]
    if rare.empty:
        return material.well(kind, f"Every {layer.noun} has at least {below} training {layer.unit}s")
    rows = material.frame.loc[layer.places(rare.index)]
    has, have = f"{layer.noun} has", f"{layer.noun}s have"
    return material.finding(
        kind, f"{counted(len(rare), has, have)} fewer than {below} training {layer.unit}s",
        f"{_named(rare.index)} can hardly be learned from so few examples, and scores of "
        f"{'it' if len(rare) == 1 else 'them'} are guesses. Add examples or join {layer.noun}s.",
        # A text with several labels teaches the others too, so it stays.
        "warning", rows, rows if layer.exclusive else None, "All texts of these labels, in every split.", len(rare),
    )  # fmt: skip


def unseen_labels(material: Material) -> list[Finding]:
    """Labels that are asked for but never taught."""
    return [_unseen(material, layer) for layer in material.layers]


def _unseen(material: Material, layer: Layer) -> Finding:
    unseen = layer.rows[~layer.rows["label"].isin(set(layer.in_train.index))]
    kind = "unseen_labels" + layer.suffix
    if unseen.empty:
        return material.well(kind, f"Every {layer.noun} of validation and test occurs in training")
    rows = material.frame.loc[list(dict.fromkeys(unseen.index))]
    labels = list(dict.fromkeys(unseen["label"]))
    never = "never occurs" if len(labels) == 1 else "never occur"
    return material.finding(
        kind, f"{counted(len(labels), layer.noun)} of validation or test {never} in training",
        f"{_named(labels)}: a trained model cannot answer right on {counted(len(rows), 'text', 'texts')}.",
        "problem" if (rows["split"] == "test").any() else "warning", rows, rows,
        "The validation and test texts of these labels.", len(labels),
    )  # fmt: skip


def joined_labels(material: Material) -> list[Finding]:
    """Labels that look like several labels written as one: `a#b` where `a` or `b` is a label too."""
    layer = material.layers[0]
    if not layer.exclusive:
        return []
    known = set(layer.rows["label"])
    joined = sorted(
        label for label in known
        if len(parts := [part for part in JOINS.split(label) if part]) > 1 and sum(part in known for part in parts) > 1
    )  # fmt: skip
    if not joined:
        return [material.well("joined_labels", f"No {layer.noun} looks like several written as one")]
    rows = material.frame.loc[layer.places(joined)]
    return [
        material.finding(
            "joined_labels",
            counted(len(joined), f"{layer.noun} looks", f"{layer.noun}s look") + " like several in one",
            f"{_named(joined)} {'is' if len(joined) == 1 else 'are'} made of other {layer.noun}s. To a model each is "
            f"one more {layer.noun}, that has nothing to do with its parts. "
            + ("Import the set as multi_label with this sign between labels, or leave them out."
               if material.task == "single_label" else "Keep one of them, or leave these texts out."),
            "notice", rows, rows[rows["split"] == "train"], "Those of the training set.", len(joined),
        )
    ]  # fmt: skip


def unlabelled_texts(material: Material) -> list[Finding]:
    """Texts that carry no label at all, where that is possible."""
    task = get_task(material.task)
    if task.text_labels == "one":
        return []
    noun = "span" if task.has_spans else "label"
    without = material.frame[~material.frame.index.isin(set(material.layers[0].rows.index))]
    if without.empty:
        return [material.well("unlabelled_texts", f"Every text carries a {noun}")]
    empty = sorted(set(without["split"]) - set(material.layers[0].rows["split"]))
    share = len(without) / len(material.frame)
    title = f"{counted(len(without), 'text carries', 'texts carry')} no {noun}"
    by_split = ", ".join(f"{count:,} in {split}" for split, count in without["split"].value_counts().items())
    told = f"That is {share:.0%} of all ({by_split}). They teach where there is nothing to find."
    if not empty and share <= material.settings.unlabelled_share:
        return [material.well("unlabelled_texts", title, told)]
    nothing = f" The {' and the '.join(empty)} split carries none at all: no score can be given on it." if empty else ""
    return [
        material.finding(
            "unlabelled_texts", title,
            f"{told}{nothing} If they were never labelled, they teach wrong things.",
            "problem" if empty else "warning", without,
        )
    ]  # fmt: skip


def _named(labels: Iterable[object]) -> str:
    names = [f"“{_cut(str(label))}”" for label in labels]
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _cut(label: str) -> str:
    return label if len(label) <= 60 else label[:60].rstrip() + " …"

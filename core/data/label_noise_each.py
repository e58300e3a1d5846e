"""Which labels are likely wrong where a text carries any number of them: each label is checked by itself.

For each label a model of the words says how likely it is that a text carries it; a text is suspected where that speaks
clearly against what stands in the data (`core.data.label_noise`, with the two classes "carries it" and "does not").
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data import label_noise
from core.data.finding import Finding, counted
from core.data.label_noise import Checkable
from core.data.material import Material
from core.tasks import get_task


@dataclass(frozen=True)
class Suspects:
    """Suspected texts of one label: the rows, how likely the opposite is, and by how much likelier."""

    rows: pd.DataFrame
    suggested: list[str]
    confidence: NDArray[np.float64]
    margin: NDArray[np.float64]


def likely_wrong_labels(material: Material, progress: Callable[[float], None]) -> tuple[list[Finding], list[str]]:
    """The finding about labels that are likely wrong or missing, and notes on what could not be checked."""
    rows, notes = _distinct(material)
    carried = _carried(material, rows)
    usable, told = _usable(carried, (rows["split"] != "test").to_numpy(), material)
    notes += told
    if not usable:
        return [], [*notes, "Wrong labels were not looked for: no label has enough texts."]
    try:
        features = label_noise.features(rows["raw"], material.settings)
    except ValueError:  # scikit-learn's "empty vocabulary"
        return [], [*notes, "Wrong labels were not looked for: the texts have no words in common."]
    found, unclear = [], 0
    for place, label in enumerate(usable):
        suspects = _of_label(material, rows, features, label, carried[label])
        unclear += suspects is None
        found += [suspects] if suspects is not None and len(suspects.rows) else []
        progress((place + 1) / len(usable))
    if unclear:
        notes.append(f"Of {counted(unclear, 'label')} words tell too little: whether they are right was not checked.")
    return ([] if unclear == len(usable) else [_finding(material, found)]), notes


def _distinct(material: Material) -> tuple[pd.DataFrame, list[str]]:
    """A row a distinct text and target, at most so many as the settings allow."""
    rows = material.filled.drop_duplicates(["key", "target"])
    labels = max(1, material.layers[0].rows["label"].nunique())
    most = min(material.settings.noise_texts, material.settings.noise_cells // min(labels, 50))
    if len(rows) <= most:
        return rows, []
    told = f"Wrong labels were looked for in {most:,} of {len(rows):,} different texts, chosen at random."
    return rows.sample(most, random_state=0).sort_index(), [told]


def _carried(material: Material, rows: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """By label: 1 for each row that carries it, else 0; the frequent labels first."""
    decode = get_task(material.task).decode
    targets = [set(decode(target).labels) for target in rows["target"]]
    names = material.layers[0].rows["label"].value_counts().index[: material.settings.noise_labels]
    return {str(name): np.array([int(name in labels) for labels in targets]) for name in names}


def _usable(
    carried: dict[str, NDArray[np.int64]], known: NDArray[np.bool_], material: Material
) -> tuple[list[str], list[str]]:
    """The labels that enough texts outside of test carry, and enough do not; and a note on the others."""
    least = material.settings.noise_folds
    usable = [
        label for label, codes in carried.items() if least <= codes[known].sum() <= int(known.sum()) - least
    ]  # fmt: skip
    missing = len(carried) - len(usable)
    told = [] if not missing else [
        f"{counted(missing, 'label is', 'labels are')} carried by too few texts, or by nearly all: whether rightly "
        "cannot be checked."
    ]  # fmt: skip
    return usable, told


def _of_label(
    material: Material, rows: pd.DataFrame, features: csr_array, label: str, codes: NDArray[np.int64]
) -> Suspects | None:
    """The suspects of one label; None when words tell too little about it."""
    checked = Checkable(rows, codes, ["without " + label, "with " + label], [])
    probabilities = label_noise.probabilities_of(checked, features, material.settings)
    if not label_noise.is_telling(checked, probabilities, material.settings):
        return None
    issues = label_noise.issues_of(codes, probabilities, material.settings)
    best = probabilities[issues].max(1)
    suggested = [checked.labels[code] for code in probabilities[issues].argmax(1)]
    own = probabilities[issues, codes[issues]]
    return Suspects(rows.iloc[issues], suggested, best, best - own)


def _finding(material: Material, found: list[Suspects]) -> Finding:
    """One finding of all labels, the surest first; every copy of a text with the same target is meant."""
    if not found:
        return material.well("wrong_labels", "No label looks wrong or missing")
    suspects = pd.concat(
        [
            each.rows[["key", "target"]].assign(
                suggested=each.suggested, confidence=np.round(each.confidence, 3), margin=each.margin
            )
            for each in found
        ]
    ).sort_values("margin", ascending=False, kind="stable")
    total = len(suspects)
    suspects = suspects.drop_duplicates(["key", "target"])
    rows = suspects.merge(material.filled, on=["key", "target"], how="left", sort=False)
    return material.finding(
        "wrong_labels", f"{counted(total, 'label is', 'labels are')} likely wrong or missing",
        "For each label a simple model of the words, trained on the other texts, finds the opposite at least "
        f"{material.settings.noise_odds:g} times as likely: “with x” means that x may be missing, “without x” that it "
        "may be wrong. It can err: look before you leave out. The surest come first.",
        "warning" if total >= 0.01 * max(1, len(material.layers[0].rows)) else "notice", rows,
        rows[rows["split"] == "train"], "Those of the training set; suspects of validation and test stay.", total,
    )  # fmt: skip

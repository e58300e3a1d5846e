"""One model fitted on several datasets together: each dataset has a run of its own, the fit is done once and shared.

The first run of a joint fit that is executed fits the model on all datasets and keeps it in its folder, with what the
fit used in `joint.json`. The others take the model from there. Each run's usage carries its share of the fit: the share
of its dataset in the characters of all training texts, which is about the share in tokens.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import files
from core.data.dataset import load_dataset, nested_sample
from core.home import Home
from core.metering.attribution import scaled
from core.metering.usage import Usage
from core.methods.base import Part
from core.runs import RunFolder, list_runs
from core.spec import RunSpec
from core.tasks import get_task

FILE = "joint.json"


def joint_key(spec: RunSpec) -> str:
    """What the runs of one joint fit share: all of the spec but the dataset that the run is of."""
    content = spec.model_dump(mode="json", exclude={"dataset", "fingerprint", "task"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def load_parts(home: Home, spec: RunSpec) -> list[Part]:
    """The datasets of a joint fit, each with the training texts that the train size and the seed choose.

    Raises:
        TradeoffError: one of the datasets is gone.
    """
    parts = []
    for reference in spec.joint:
        dataset = load_dataset(home, reference.dataset, reference.fingerprint)
        train = nested_sample(dataset.examples("train"), spec.train_size, spec.seed, reference.task)
        task, labels = get_task(reference.task), dataset.info.labels
        parts.append(Part(reference.dataset, task, labels, train, dataset.examples("validation")))
    return parts


def shares(parts: Sequence[Part]) -> dict[str, float]:
    """The share of each dataset in the training characters of all; they sum to 1."""
    sizes = {part.dataset: 1 + sum(len(example.text) for example in part.train) for part in parts}
    total = sum(sizes.values())
    return {name: size / total for name, size in sizes.items()}


def note_fit(folder: RunFolder, parts: Sequence[Part]) -> None:
    """Keep the shares of a fit beside its model, so that the other runs of it can be told theirs."""
    files.write_json(folder.path / FILE, {"fitted_in": folder.run_id, "shares": shares(parts)})


def note_usage(folder: RunFolder, usage: Usage, notes: dict[str, Any]) -> None:
    """Keep what the whole fit used, and its notes. They are written once the fit has ended."""
    content = files.read_json(folder.path / FILE, {})
    files.write_json(folder.path / FILE, {**content, "fit": usage.model_dump(mode="json"), "notes": notes})


def take_model(home: Home, folder: RunFolder) -> dict[str, Any] | None:
    """Take the fitted model and what its fit used from another run of the joint fit; its notes, None if none has it.

    Models are linked, not copied, where the disk allows it; a run that is deleted takes nothing from the others.
    """
    key = joint_key(folder.spec)
    for other in list_runs(home):
        if other.run_id == folder.run_id or not (other.path / "model").is_dir():
            continue
        if not other.spec.joint or joint_key(other.spec) != key:
            continue
        content = files.read_json(other.path / FILE, {})
        if "fit" in content:
            _copy(other.path / "model", folder.path / "model")
            files.write_json(folder.path / FILE, content)
            return dict(content.get("notes", {}))
    return None


def fit_share(folder: RunFolder) -> tuple[Usage | None, dict[str, object]]:
    """This run's share of the joint fit, and the note that says so; nothing when the fit is not done."""
    content = files.read_json(folder.path / FILE, {})
    if "fit" not in content:
        return None, {}
    share = content["shares"][folder.spec.dataset]
    note = {"share": round(share, 4), "fitted_in": content["fitted_in"], "datasets": sorted(content["shares"])}
    return scaled(Usage(**content["fit"]), share), {"joint_fit": note}


def _copy(source: Path, target: Path) -> None:
    part = target.with_name("model.part")
    for old in (part, target):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(source, part, copy_function=_link)
    part.rename(target)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)

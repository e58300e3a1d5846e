"""Datasets made of parts of another: the intents alone, or the slots alone, of a set that has both.

They hold the same texts with the same ids in the same splits, so that two models, one a part, can be compared
example by example with one model for both.
"""

from collections.abc import Callable
from typing import Literal

from core.data.dataset import Dataset, load_dataset, save_dataset
from core.errors import TradeoffError
from core.home import Home
from core.spec import TaskName
from core.tasks import Target, get_task

Part = Literal["intent", "slots"]
PARTS: dict[Part, tuple[TaskName, Callable[[Target], Target]]] = {
    "intent": ("single_label", lambda target: Target(target.labels)),
    "slots": ("token_labels", lambda target: Target(spans=target.spans)),
}


def derived_name(name: str, part: Part) -> str:
    """What the part of the dataset `name` is called."""
    return f"{name[: 79 - len(part)]}-{part}"


def derive(home: Home, name: str, part: Part, version: str | None = None) -> Dataset:
    """The intents (single_label) or the slots (token_labels) of an intent_slots dataset, kept as a dataset `NAME-part`.

    Ids, texts and splits are those of the version it was made of, which `info.source` names. Deriving again from the
    same version gives the same version.

    Raises:
        TradeoffError: there is no such dataset, version or part, the set has no intents and slots, a set of another
            origin bears the name, or the part has too few labels to learn from.
    """
    if part not in PARTS:
        raise TradeoffError(f'There is no part "{part}"', remedy="The parts are intent and slots.")
    dataset = load_dataset(home, name, version)
    if dataset.info.task != "intent_slots":
        raise TradeoffError(
            f"{name} has no intents and slots: its task is {dataset.info.task}", name,
            "Choose a dataset of the task intent_slots.",
        )  # fmt: skip
    called = derived_name(name, part)
    _check_free(home, called, name)
    task, taken = PARTS[part]
    decode, encode = get_task("intent_slots").decode, get_task(task).encode
    frame = dataset.frame.assign(target=[encode(taken(decode(target))) for target in dataset.frame["target"]])
    source = {
        "kind": "derived", "from": name, "fingerprint": dataset.info.fingerprint, "part": part,
        "files": dataset.info.source.get("files", []), "splits": dataset.info.source.get("splits", {}), "warnings": [],
    }  # fmt: skip
    note = f"The {'intents' if part == 'intent' else 'slots'} of {name}, version {dataset.info.fingerprint}"
    return save_dataset(home, frame, called, task, source, note, left_out=dataset.info.left_out)


def _check_free(home: Home, called: str, name: str) -> None:
    """Refuse to put a derived set over one that the user made."""
    try:
        there = load_dataset(home, called).info
    except TradeoffError:
        return
    if there.source.get("kind") != "derived" or there.source.get("from") != name:
        raise TradeoffError(
            f"There is a dataset {called} already, which was not made of {name}", remedy=f"Delete or rename {called}."
        )


__all__ = ["PARTS", "Part", "derive", "derived_name"]

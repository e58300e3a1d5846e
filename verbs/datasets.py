"""Labelled sets: reading, listing, deriving and auditing them."""

import argparse
from pathlib import Path
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, names


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("import", import_)
    made.add_argument("path", metavar="PATH", help="a file, bundled:NAME or hf:NAME")
    made.add_argument("--name", help="what to call the set")
    made.add_argument("--task", help="single_label, multi_label, token_labels or intent_slots; guessed when left out")
    for column in ("text", "label", "split", "id", "tokens", "tags", "intent"):
        made.add_argument(f"--{column}", metavar="COLUMN", help=f"the {column} column; guessed when left out")
    made.add_argument("--label-separator", metavar="SIGN", help="the sign between labels of one cell, as in a|b")
    made.add_argument("--label-columns", type=names, default=[], metavar="A,B", help="columns of 0 and 1, one a label")
    made.add_argument("--tag-names", type=names, default=[], metavar="O,B-a,I-a", help="tags in order of their numbers")
    made.add_argument("--validation", type=Path, metavar="PATH")
    made.add_argument("--test", type=Path, metavar="PATH")
    made.add_argument("--encoding")
    made.add_argument("--delimiter")
    made.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether the first row names columns")
    made.add_argument("--sheet", help="the sheet of an XLSX file")
    made.add_argument("--seed", type=int, default=0, help="for splits that are made")

    verb("datasets", datasets)

    made = verb("derive", derive)
    made.add_argument("dataset")
    made.add_argument("part", choices=("intent", "slots"))
    made.add_argument("--version", help="start of a fingerprint; the current one by default")

    made = verb("audit", audit)
    made.add_argument("dataset")
    made.add_argument("--version", help="start of a fingerprint; the current one by default")


def import_(options: argparse.Namespace, home: Home) -> Any:
    """Read a labelled set from files, a bundled set (`bundled:trec`) or the hub (`hf:NAME`)."""
    from core.data import bundled, hub
    from core.data.importing import import_dataset

    source = options.path
    if source.startswith("bundled:"):
        dataset = bundled.import_bundled(home, source.removeprefix("bundled:"), options.name)
    elif source.startswith("hf:"):
        dataset = hub.import_from_hub(
            home, source.removeprefix("hf:"), name=options.name, task=options.task, text=options.text,
            label=options.label, id=options.id, tokens=options.tokens, tags=options.tags, intent=options.intent,
            separator=options.label_separator, label_columns=options.label_columns, tag_names=options.tag_names,
            seed=options.seed,
        )  # fmt: skip
    else:
        if not options.name:
            raise TradeoffError("A name is missing", remedy="Add --name NAME: runs and pages will call the set by it.")
        dataset = import_dataset(
            home, options.name, Path(source), task=options.task, text=options.text, label=options.label,
            split=options.split, id=options.id, tokens=options.tokens, tags=options.tags, intent=options.intent,
            separator=options.label_separator, label_columns=options.label_columns, tag_names=options.tag_names,
            validation=options.validation, test=options.test,
            encoding=options.encoding, delimiter=options.delimiter, header=options.header, sheet=options.sheet,
            seed=options.seed,
        )  # fmt: skip
    return dataset.info.model_dump(mode="json")


def datasets(_: argparse.Namespace, home: Home) -> Any:
    """The labelled sets that are here."""
    from core.data.dataset import list_datasets

    return [
        {"name": info.name, "task": info.task, "labels": len(info.labels), **info.counts, "version": info.fingerprint}
        for info in list_datasets(home)
    ]


def derive(options: argparse.Namespace, home: Home) -> Any:
    """Make a set of the intents alone, or of the slots alone, of a set that has both."""
    from core.data import views

    return views.derive(home, options.dataset, options.part, options.version).info.model_dump(mode="json")


def audit(options: argparse.Namespace, home: Home) -> Any:
    """What is wrong with a labelled set."""
    from core.data.audit import audit as audited
    from core.data.audit import load_audit
    from core.data.dataset import load_dataset

    dataset = load_dataset(home, options.dataset, options.version)
    return (load_audit(dataset) or audited(dataset)).model_dump(mode="json")

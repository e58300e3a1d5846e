"""What can be run: candidates, models, studies and the prompts they ask."""

import argparse
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, settings


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("candidates", candidates)
    made.add_argument("--settings", action="store_true", help="show every setting")
    made.add_argument("--task", help="only those that can do it")

    made = verb("models", models)
    made.add_argument("words", nargs="*", metavar="WORD", help="in a model's name, family, kind, licence or source")
    made.add_argument(
        "--how", metavar="WAY", help="full, lora, qlora, linear, zero-shot or few-shot; all when left out"
    )
    made.add_argument("--dataset", help="whose texts are counted on; else short texts of one label")
    made.add_argument("--task", default="single_label")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"))

    verb("presets", presets)

    made = verb("prompt", prompt)
    made.add_argument("candidate", help="such as smollm2-few-shot")
    made.add_argument("--dataset", required=True)
    made.add_argument("--version", help="start of a fingerprint; the current one by default")
    made.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE")
    made.add_argument("--text", action="append", metavar="TEXT", help="ask about this text, not the set's own")
    made.add_argument("--count", type=int, default=2, metavar="N", help="how many validation texts are shown")
    made.add_argument("--seed", type=int, default=0, help="the seed that draws the examples")


def candidates(options: argparse.Namespace, _: Home) -> Any:
    """What can be run, and with --settings every setting with its bounds."""
    from core.candidates import CANDIDATES, candidates_for, resolve
    from core.methods import METHODS

    rows: list[dict[str, Any]] = []
    for entry in candidates_for(options.task) if options.task else CANDIDATES.values():
        row: dict[str, Any] = {
            "candidate": entry.id,
            "method": entry.method,
            "model": entry.model,
            "tasks": ", ".join(METHODS[entry.method].tasks),
            "what": entry.summary,
        }
        if options.settings or options.json:
            fields = METHODS[entry.method].settings.model_fields
            row["settings"] = resolve(entry.id).settings
            row["help"] = {name: field.description for name, field in fields.items()}
        rows.append(row)
    return rows


def models(options: argparse.Namespace, home: Home) -> Any:
    """Known models, and whether each would fit this machine, before anything is downloaded."""
    from core.catalogue import search
    from core.data.dataset import load_dataset
    from core.devices import devices, resolve_device
    from core.estimating.fit import fit_of, possible_ways, typical_dataset
    from core.estimating.history import mean_tokens, past_runs
    from core.preferences import load

    info, length = typical_dataset(options.task)
    if options.dataset:
        dataset = load_dataset(home, options.dataset)
        info, length = dataset.info, mean_tokens(dataset)
    if options.how and options.how not in possible_ways(info.task):
        raise TradeoffError(
            f"No model is used that way for {info.task}: {options.how}",
            remedy=f"Take {', '.join(possible_ways(info.task))}.",
        )
    known, history, preferences = devices(), past_runs(home), load(home)
    device, rows = resolve_device(options.device or "auto"), []
    for card in search(" ".join(options.words)):
        for way in [options.how] if options.how else possible_ways(info.task):
            fit = fit_of(card, way, info, length, device, known, history, preferences)
            if fit:
                facts = card.model_dump(
                    mode="json", include={"family", "parameters", "context", "licence", "gated", "sources"}
                )
                rows.append({**fit.model_dump(mode="json"), **facts})
    return rows


def presets(_: argparse.Namespace, __: Home) -> Any:
    """The studies that ship as experiments: `launch presets/NAME.yaml --dataset YOURS`."""
    from core.presets import presets as shipped

    return [{"preset": f"presets/{found.name}.yaml", "what": found.description} for found in shipped()]


def prompt(options: argparse.Namespace, home: Home) -> Any:
    """What a prompt candidate asks about texts of a set, how long it is, and how much of it fits the model."""
    from core.candidates import resolve
    from core.data.dataset import load_dataset
    from core.prompts.preview import preview
    from core.tasks import get_task

    changes = settings(f"{options.candidate}.{change}" for change in options.set)
    dataset = load_dataset(home, options.dataset, options.version)
    texts = options.text or [example.text for example in dataset.examples("validation")[: options.count]]
    found = preview(
        resolve(options.candidate, changes.get(options.candidate)), get_task(dataset.info.task), dataset.info.labels,
        dataset.examples("train"), texts, home, options.seed,
    )  # fmt: skip
    told = found.model_dump(mode="json")
    if not options.json:
        about = "" if found.exact else "about "
        whole = (f"[{about}{count} tokens]\n{text}" for count, text in zip(found.tokens, found.prompts, strict=True))
        options.told = "\n\n".join(whole)
        del told["prompts"], told["tokens"]
    return told

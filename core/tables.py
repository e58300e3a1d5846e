"""What the command line prints when a person reads it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from core import format as f
from core.findings.compare_tables import compared, figure_told
from core.metric_words import difference_told, metric_name, metric_quality, metric_range, metric_short, metric_show

PIPED_WIDTH = 220
"""Columns of a file or pipe, where nothing needs to be folded."""
Column = tuple[str, Callable[[Mapping[str, Any]], str]]


def _plain(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: "" if row.get(key) is None else str(row[key])


def _known(told: str, unknown: int) -> str:
    """A sum of what is known, with the number of runs whose figure is not."""
    return f"{told} + {unknown} unknown" if unknown and told != f.UNKNOWN else told


COLUMNS: dict[str, list[Column]] = {
    "datasets": [(key, _plain(key)) for key in ("name", "task", "labels", "train", "validation", "test", "version")],
    "candidates": [(key, _plain(key)) for key in ("candidate", "method", "model", "what")],
    "models": [
        ("candidate", _plain("candidate")),
        ("fits", lambda row: {True: "yes", False: "no", None: f.UNKNOWN}[row["fits"]]),
        ("memory", lambda row: f.memory(row["memory_bytes"])),
        ("weights", lambda row: f.number(row["parameters"])),
        ("context", lambda row: f.number(row["context"])),
        ("licence", _plain("licence")),
        ("to know", _plain("why")),
    ],
    "runs": [(key, _plain(key)) for key in ("run", "status", "progress", "reason")],
    "multitask": [
        ("one model", _plain("one")),
        ("two models", _plain("two")),
        ("quality", lambda row: metric_name(row["metric"])),
        ("one", lambda row: metric_show(row["metric"])(row["one_value"])),
        ("two", lambda row: metric_show(row["metric"])(row["two_value"])),
        ("one minus two, points", lambda row: _points(row)),
    ],
    "front": [
        ("candidate", _plain("candidate")),
        ("on the front", lambda row: {True: "yes", False: "no"}[row["on_front"]]),
        ("how likely", lambda row: f.chance(row["chance"])),
        ("up", lambda row: figure_told(row["up"], row["up_value"], row["metric"])),
        ("against", lambda row: figure_told(row["against"], row["against_value"], row["metric"])),
    ],
    "results": [
        ("candidate", _plain("candidate")),
        ("invalid", lambda row: f.percent(row["invalid_rate"])),
        ("cost / 1,000", lambda row: f.usd(row["usd_per_1k"])),
        (
            "energy / 1,000",
            lambda row: f.energy_range(row["kwh_per_1k"], row["kwh_low_per_1k"], row["kwh_high_per_1k"]),
        ),
        ("energy is", _plain("energy_provenance")),
        ("one text, p50", lambda row: f.milliseconds(row["latency_p50_ms"])),
        ("p95", lambda row: f.milliseconds(row["latency_p95_ms"])),
        ("texts / s", lambda row: f.number(row["texts_per_second"])),
        ("fit", lambda row: f.duration(row["fit_seconds"])),
        ("runs", _plain("runs")),
    ],
    "power": [
        ("candidate", _plain("candidate")),
        ("best minus it, points", lambda row: _points(row)),
        ("it is", lambda row: STANDINGS[row["standing"]]),
        ("can be seen", lambda row: f"{100 * row['detectable']:.1f}"),
        ("more test texts", lambda row: _needed(row, "texts_needed")),
        ("runs of each", lambda row: _needed(row, "seeds_needed")),
        ("variance by seeds", lambda row: f.percent(row["seeds_share"], 0)),
    ],
    "recommend": [
        ("candidate", _plain("candidate")),
        ("standing", _plain("standing")),
        ("quality", lambda row: metric_quality(row["metric"], row["quality"], row["quality_low"], row["quality_high"])),
        ("behind the best", _plain("behind")),
        ("cheap by", _plain("cost")),
    ],
    "plan": [
        ("candidate", _plain("candidate")),
        ("seed", _plain("seed")),
        ("texts", lambda row: str(row["train_size"] or "all")),
        ("now", _plain("status")),
        ("time", lambda row: f.duration(row["seconds"])),
        ("energy", lambda row: f.energy(row["kwh"])),
        ("cost", lambda row: f.usd(row["usd"])),
        ("memory", lambda row: f.memory(row["peak_ram_bytes"])),
        ("fits", lambda row: row["why_not"] or ("yes" if row["fits"] else f.UNKNOWN)),
        ("from", _plain("basis")),
    ],
    "predict": [
        ("text", lambda row: f.shorten(row["text"])),
        ("prediction", lambda row: f.shorten(row["shown"] or row["reason"] or "", 200)),
        ("confidence", lambda row: f.percent(row["confidence"])),
        ("time", lambda row: f.milliseconds(1000 * row["seconds"])),
    ],
    "endpoints": [
        *((key, _plain(key)) for key in ("name", "base_url", "key_env", "key", "api_version", "concurrency")),
        ("batch price", lambda row: f.percent(row["batch_share"], 0)),
        ("test", _plain("test")),
    ],
    "labels": [
        ("label", _plain("label")),
        ("F1", lambda row: f"{100 * row['f1']:.1f}"),
        ("precision", lambda row: f.percent(row["precision"])),
        ("recall", lambda row: f.percent(row["recall"])),
        ("right ones", _plain("support")),
        ("given", _plain("predicted")),
    ],
    "spans": [
        (key.replace("_", " "), _plain(key))
        for key in ("label", "gold", "right", "wrong_label", "wrong_boundary", "missed", "spurious")
    ],
    "confusions": [
        (name, _plain(key)) for name, key in (("right", "gold"), ("taken for", "predicted"), ("spans", "spans"))
    ],
    "breakeven": [
        ("candidate", _plain("candidate")),
        ("a month", lambda row: f.usd(row["month"]["usd"]) if row["month"] else f.UNKNOWN),
        ("serving", lambda row: f.usd(row["month"]["serving"]) if row["month"] else row["why_unknown"]),
        ("training", lambda row: f.usd(row["month"]["training"]) if row["month"] else ""),
        ("labels", lambda row: f.usd(row["month"]["labels"]) if row["month"] else ""),
        ("cheaper, rented while it works", _plain("working")),
        ("cheaper, rented all month", _plain("always_on")),
    ],
    "spent": [
        ("", _plain("name")),
        ("runs", _plain("runs")),
        ("money", lambda row: _known(f.usd(row["usd"]), row["usd_unknown"])),
        ("energy", lambda row: _known(f.energy(row["kwh"]), row["kwh_unknown"])),
        ("energy is", _plain("provenance")),
        ("CO2e", lambda row: _known(f.co2e(row["co2e_kg"]), row["co2e_unknown"])),
        ("time", lambda row: f.duration(row["seconds"])),
    ],
    "doctor": [
        ("", lambda row: "ok" if row["ok"] else "PROBLEM"),
        ("what", _plain("name")),
        ("detail", _plain("detail")),
        ("remedy", _plain("remedy")),
    ],
}
COLUMNS["curve"] = [
    ("candidate", _plain("candidate")),
    ("with labels", lambda row: f.number(row["texts"])),
    ("quality", lambda row: metric_show(row["metric"])(row["value"])),
    ("twice the labels", lambda row: metric_range(row["metric"], row["doubling"])),
    ("levels off at", lambda row: " to ".join(map(metric_show(row["metric"]), row["ceiling"][1:]))),
    ("labels to the goal", lambda row: f.number(row["needed"]) if row["needed"] else row["state"]),
    ("at least", lambda row: f.number(row["low"]) if row["low"] else ""),
    ("at most", lambda row: f.number(row["high"]) if row["high"] else ""),
    ("train sizes", _plain("sizes")),
    ("runs", _plain("runs")),
]
COLUMNS["sensitivity"] = [
    ("candidate", _plain("candidate")),
    ("wording", _plain("wording")),
    ("label order", _plain("label_order")),
    ("seed", _plain("seed")),
    ("quality", lambda row: metric_show(row["metric"])(row["value"])),
    ("on validation", lambda row: metric_show(row["metric"])(row["validation"])),
]
COLUMNS["cascade"] = [
    ("candidate", _plain("candidate")),
    ("quality", lambda row: metric_quality(row["metric"], row["quality"], row["quality_low"], row["quality_high"])),
    ("cascade minus it", lambda row: _gap(row["metric"], row["difference"])),
    ("cost / 1,000", lambda row: f.exact_usd(row["usd_per_1k"])),
    ("mistakes / 1,000", lambda row: f.usd(row["mistakes_usd_per_1k"]) if row["mistakes_usd_per_1k"] else ""),
    ("energy / 1,000", lambda row: f.energy(row["kwh_per_1k"])),
    ("energy is", _plain("energy_provenance")),
    ("one text, p50", lambda row: f.milliseconds(row["latency_p50_ms"])),
    ("p95", lambda row: f.milliseconds(row["latency_p95_ms"])),
]
COLUMNS["launch"] = COLUMNS["cancel"] = COLUMNS["retry"] = COLUMNS["runs"]
EMPTY = {
    "curve": "No learning curve yet.",
    "sensitivity": "No prompt candidate has finished yet.",
    "datasets": "No labelled set yet. Import one: python cli.py import FILE --name NAME, or import bundled:trec.",
    "runs": "No runs yet. Start some: python cli.py launch --dataset NAME --candidates tfidf-linear --wait.",
    "results": "No run on this set has finished yet. python cli.py runs shows where they stand.",
    "models": "No known model is like this. Any Hugging Face name or local folder can be used all the same.",
    "sql": "No rows.",
    "spent": "Nothing has been run yet.",
}


MOST_REPORT_ROWS = 40
OTHER_METRICS = 2
"""How many metrics of the task stand beside the one that candidates are ranked by."""


STANDINGS: dict[str, str] = {"tied": "not worse", "unsettled": "open", "worse": "worse"}


def _gap(metric: str, ends: Sequence[float] | None) -> str:
    """A difference with its interval, in points or, of a correlation, as it is."""
    if not ends:
        return ""
    value, low, high = (difference_told(metric, end) for end in ends)
    return f"{value} ({low} to {high})"


def _points(row: Mapping[str, Any]) -> str:
    low = "difference_low" if "difference_low" in row else "low"
    value, low, high = (100 * row[name] for name in ("difference", low, low.replace("low", "high")))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})" + (", tied" if row.get("tie") else "")


def _needed(row: Mapping[str, Any], what: str) -> str:
    if row["standing"] != "unsettled":
        return ""
    if what == "seeds_needed" and row["seeds_share"] is None:
        return f.UNKNOWN
    return "out of reach" if row[what] is None else f.number(row[what])


def show(verb: str, answer: Any, told: str = "") -> None:
    """Print the answer of a verb, and what is told about it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    if verb in ("import", "derive"):
        _imported(console, answer)
    elif verb == "audit":
        for finding in answer["findings"]:
            console.print(f"{finding['severity']:>8}  {finding['title']}", markup=False)
        for note in answer["notes"]:
            console.print(f"    note  {note}", markup=False)
    elif verb == "power":
        _table(console, verb, answer["candidates"])
    elif verb == "report" and "labels" in answer:
        _report(console, answer)
    elif verb == "verify":
        console.print(f"{answer['file']}: decision about {answer['dataset']}, made {answer['made_at'][:16]}, "
                      f"sha256:{answer['hash']}", markup=False)  # fmt: skip
    elif verb == "compare":
        compared(console, answer)
    elif isinstance(answer, list):
        _table(console, verb, answer)
    else:
        for key, value in answer.items():
            console.print(f"{key}: {value}", markup=False)
    if told:
        console.print(f"\n{told}", markup=False)


def _imported(console: Console, info: Mapping[str, Any]) -> None:
    splits = ", ".join(f"{count:,} {split}" for split, count in info["counts"].items())
    console.print(f"{info['name']}: {splits}; {len(info['labels'])} labels; version {info['fingerprint']}")
    source = info["source"]
    if "task_guessed" in source:
        console.print(f"  read as {info['task']}: {source['task_guessed']}; --task names another", markup=False)
    for warning in source.get("warnings", []):
        console.print(f"  note: {warning}", markup=False)


def _report(console: Console, answer: Mapping[str, Any]) -> None:
    console.print(
        f"{answer['candidate']} on {answer['dataset']}, {answer['texts']:,} {answer['split']} texts", markup=False
    )
    for score in answer["scores"]:
        quality = metric_quality(score["metric"], score["value"], score["low"], score["high"])
        console.print(f"  {metric_name(score['metric'])}: {quality}", markup=False)
    for name, texts in answer.get("agreement", {}).items():
        console.print(f"  {name}: {texts:,} texts", markup=False)
    occurring = [row for row in answer["labels"] if row["support"] or row["predicted"]]
    for part, rows in {"labels": occurring, **{part: answer.get(part) for part in ("spans", "confusions")}}.items():
        if rows:
            console.print()
            _table(console, part, rows[:MOST_REPORT_ROWS])
            if len(rows) > MOST_REPORT_ROWS:
                console.print(f"… and {len(rows) - MOST_REPORT_ROWS} more; --json shows all.")


def _table(console: Console, verb: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        console.print(EMPTY.get(verb, "Nothing."))
        return
    columns = COLUMNS.get(verb) or [(key, _plain(key)) for key in rows[0]]
    if verb == "results":
        columns = [columns[0], *_quality_columns(rows[0]), *columns[1:]]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, _ in columns:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(cell(row).replace("[", r"\[") for _, cell in columns))
    console.print(table)


def _quality_columns(first: Mapping[str, Any]) -> list[Column]:
    """The metric that rows are ranked by with its interval, and those of the task that say most beside it."""
    ranked = first["metric"]
    others = [name for name in first["metrics"] if name != ranked][:OTHER_METRICS]

    def quality(row: Mapping[str, Any]) -> str:
        return metric_quality(ranked, row["quality"], row["quality_low"], row["quality_high"])

    def cell(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda row: metric_show(name)(row["metrics"].get(name))

    return [(metric_short(ranked), quality), *((metric_short(name), cell(name)) for name in others)]

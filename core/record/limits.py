"""What a record does not say: read off the record itself, so that a reader is warned of what holds here."""

from collections.abc import Callable, Iterator

from core.findings.advice import LUCKY, STEADY
from core.metric_words import metric_name, metric_show
from core.record.parts import DecisionRecord

MOST = 4
"""Names that a sentence lists."""


def limits(record: DecisionRecord) -> Iterator[str]:
    """The limits of a record, a sentence each; those that hold for every record come last."""
    for found in (_seeds, _wording, _texts, _audit, _energy, _machines, _code, _unknown, _flags):
        yield from found(record)
    yield (
        "Times, costs and energy are those of the devices named here, with the settings named here; on other hardware "
        "they differ."
    )
    yield "Quality holds for texts like those of this set; on texts of another kind or another year it may differ."
    yield (
        "The hash shows that nothing in the record was changed since it was made. It does not show who made it: keep "
        "the hash where others can see it, or sign the file."
    )


def _seeds(record: DecisionRecord) -> Iterator[str]:
    once = [row.candidate for row in record.candidates
            if row.runs == 1 and row.family in LUCKY and row.method not in STEADY]  # fmt: skip
    if once:
        yield f"{_named(once)} ran with one seed only: luck in training is not in the intervals."


def _wording(record: DecisionRecord) -> Iterator[str]:
    prompted = [row for row in record.candidates if row.family in ("prompted_llm", "api")]
    for row in prompted:
        if row.prompt_ways:
            show = metric_show(row.metric)
            yield (
                f"Asked in {row.prompt_ways} ways, {row.candidate} ranges from {show(row.prompt_low)} to "
                f"{show(row.prompt_high)} ({in_sentence(metric_name(row.metric))})."
            )
    once = [row.candidate for row in prompted if not row.prompt_ways]
    if once:
        were = "was" if len(once) == 1 else "were"
        yield (
            f"{_named(once)} {were} asked in one wording only: other words for the same question could change the "
            "answers."
        )


def in_sentence(name: str) -> str:
    """A metric's name inside a sentence."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _texts(record: DecisionRecord) -> Iterator[str]:
    counts = {row.test_texts for row in record.candidates}
    texts = f"{min(counts):,}" if len(counts) == 1 else f"{min(counts):,} to {max(counts):,}"
    yield f"Quality was computed on {texts} test texts; what they cannot tell apart is called so."


def _audit(record: DecisionRecord) -> Iterator[str]:
    audit = record.data.audit
    if audit is None:
        yield "The data was not audited: duplicates, leaks from training to test and wrong labels were not looked for."
        return
    pressing = [one.title for one in audit.findings if one.severity in ("warning", "problem")]
    if pressing:
        yield f"The audit of the data asks for a look: {'; '.join(pressing)}."


def _energy(record: DecisionRecord) -> Iterator[str]:
    kinds = {row.energy_provenance for row in record.candidates if row.kwh_per_1k is not None}
    if len(kinds) > 1:
        yield f"Energy is {' for some and '.join(sorted(kinds))} for others: such figures are not ranked as equals."
    elif kinds - {"measured"}:
        yield f"Energy is {kinds.pop()}, not measured."


def _machines(record: DecisionRecord) -> Iterator[str]:
    machines = {about.get("machine") for about in record.environments} - {None}
    if len(machines) > 1:
        yield f"The runs ran on {len(machines)} machines: their times and energy are not those of one."


def _code(record: DecisionRecord) -> Iterator[str]:
    changed = sorted({str(about.get("commit")) for about in record.environments
                      if str(about.get("commit", "")).endswith("-dirty")})  # fmt: skip
    if changed:
        yield f"Some runs ran with code that had changes outside of any commit ({_named(changed)})."
    if any(run.environment is None for run in record.runs):
        yield "Of some runs the versions and the hardware were not kept."


def _unknown(record: DecisionRecord) -> Iterator[str]:
    for name, field in (("cost", "usd_per_1k"), ("energy", "kwh_per_1k"), ("time for one text", "latency_p95_ms")):
        without = [row.candidate for row in record.candidates if getattr(row, field) is None]
        if without:
            yield f"The {name} of {_named(without)} is not known; who has no figure is never called the cheapest."


def _flags(record: DecisionRecord) -> Iterator[str]:
    by_flag: dict[str, list[str]] = {}
    for row in record.candidates:
        for flag in row.flags:
            by_flag.setdefault(flag, []).append(row.candidate)
    for flag, names in by_flag.items():
        yield f"Figures are less sure for {_named(names)}: {flag}."


def _named(names: list[str], more: Callable[[int], str] = lambda count: f"{count} more") -> str:
    shown = [*names[:MOST], more(len(names) - MOST)] if len(names) > MOST + 1 else names
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

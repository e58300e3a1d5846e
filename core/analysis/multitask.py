"""One model for several tasks beside a model for each: quality compared paired on the same texts, and what each takes.

The question of consolidated against dual models (arXiv 2412.08587): equal quality, at what latency, energy and memory?
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.analysis.compare import Difference, paired_difference, performance
from core.analysis.intervals import interval
from core.analysis.results import CandidateRow
from core.metering.usage import PROVENANCES, Provenance
from core.metric_words import metric_show
from core.tasks import LOWER_IS_BETTER, Target, Task, get_task

Answers = Mapping[str, str | None]
"""By example id the encoded prediction; None where the answer could not be read."""
NO_INTENT = ""
"""Stands for an intent that could not be read: it is no label, so it is never right."""


@dataclass(frozen=True)
class System:
    """What answers a text as a whole: one model, or a model for each part of the answer.

    `rows` are what is known of each model on its own set; `groups` the runs that answer together, one group a seed.
    `shared` means that the rows are of one model that is asked once for each part.
    """

    name: str
    rows: tuple[CandidateRow, ...]
    groups: tuple[tuple[str, ...], ...]
    shared: bool = False

    @property
    def title(self) -> str:
        """The name as a sentence begins; names of models stay as they are."""
        return self.name[0].upper() + self.name[1:] if self.name.startswith(("one ", "two ")) else self.name


@dataclass(frozen=True)
class Takes:
    """What a system takes; None where a part of it is unknown. Rates are per 1,000 texts, times as named.

    The models of a system answer one after the other and stay in memory together, so that times and memory add up.
    """

    latency_p50_ms: float | None
    kwh_per_1k: float | None
    usd_per_1k: float | None
    peak_ram_bytes: float | None
    peak_gpu_bytes: float | None
    fit_seconds: float | None
    fit_kwh: float | None
    fit_usd: float | None
    energy_provenance: Provenance


@dataclass(frozen=True)
class Quality:
    """A metric of two systems, each with its interval, and the paired difference: `one` minus `two`."""

    metric: str
    one: tuple[float, float | None, float | None]
    two: tuple[float, float | None, float | None]
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """One system beside another on the same texts."""

    one: System
    two: System
    qualities: tuple[Quality, ...]
    takes: tuple[Takes, Takes]


def compare(
    one: System, two: System, task: Task, labels: Sequence[str], targets: Mapping[str, str],
    read: Callable[[str], Answers],
) -> Comparison:  # fmt: skip
    """Both systems on the texts of `targets` that all their runs answered; `read` gives a run's answers on test."""
    sides = [[joined([read(run) for run in group]) for group in system.groups] for system in (one, two)]
    shared = sorted(set(targets).intersection(*(answers for side in sides for answers in side)))
    gold = [targets[id] for id in shared]
    lists = [[[answers[id] for id in shared] for answers in side] for side in sides]
    measured = [[task.statistics(gold, answers, labels) for answers in side] for side in lists]
    qualities = []
    for metric in task.metrics:
        values = [interval([found[metric] for found in side]) for side in measured]
        sides_of = [performance([(shared, found[metric]) for found in side]) for side in measured]
        qualities.append(Quality(metric, values[0], values[1], paired_difference(sides_of[0], sides_of[1])))
    return Comparison(one, two, tuple(qualities), (takes(one), takes(two)))


def joined(answers: Sequence[Answers]) -> Answers:
    """The answers of a system's models as one: an intent's and the slots' beside each other, or those of one model.

    With only one part unreadable the other counts: the intent is then wrong, or no slot is found.
    """
    if len(answers) == 1:
        return answers[0]
    intents, slots = answers
    return {id: _together(intents[id], slots[id]) for id in intents if id in slots}


def _together(intent: str | None, slots: str | None) -> str | None:
    if intent is None and slots is None:
        return None
    spans = () if slots is None else get_task("token_labels").decode(slots).spans
    return get_task("intent_slots").encode(Target((NO_INTENT if intent is None else intent,), spans))


def takes(system: System) -> Takes:
    """What a system takes: the sum over its models; a model that is asked twice is in memory once."""
    memory = max if system.shared else sum
    return Takes(
        **{
            name: _over([getattr(row, name) for row in system.rows], sum)
            for name in ("latency_p50_ms", "kwh_per_1k", "usd_per_1k", "fit_seconds", "fit_kwh", "fit_usd")
        },
        peak_ram_bytes=_over([row.peak_ram_bytes for row in system.rows], memory),
        peak_gpu_bytes=_over([row.peak_gpu_bytes for row in system.rows], memory),
        energy_provenance=max((row.energy_provenance for row in system.rows), key=PROVENANCES.index, default="unknown"),
    )  # fmt: skip


def _over(values: Sequence[float | None], join: Callable[[Iterable[float]], float]) -> float | None:
    known = [value for value in values if value is not None]
    return join(known) if known and len(known) == len(values) else None


SAVINGS = (
    ("latency_p50_ms", "answers {} faster", "answers {} slower"),
    ("kwh_per_1k", "uses {} less energy", "uses {} more energy"),
    ("peak_ram_bytes", "needs {} less memory", "needs {} more memory"),
)
WORTH_TELLING = 1.1


def sentence(comparison: Comparison) -> str:
    """What a comparison shows: tied, better or worse on the primary metric, and what it saves."""
    quality = comparison.qualities[0]
    show, gap = metric_show(quality.metric), quality.difference
    better = gap.value < 0 if quality.metric in LOWER_IS_BETTER else gap.value > 0
    verdict = "is tied with" if gap.is_tie else "is better than" if better else "is worse than"
    said = f"{comparison.one.title} {verdict} {comparison.two.name} ({show(quality.one[0])} against "
    said += f"{show(quality.two[0])})"
    told = [text for field, less, more in SAVINGS if (text := _saving(comparison, field, less, more))]
    if not told:
        return f"{said}."
    return f"{said}; it {', '.join(told[:-1])}{' and ' if told[1:] else ''}{told[-1]}."


def _saving(comparison: Comparison, field: str, less: str, more: str) -> str:
    one, two = (getattr(side, field) for side in comparison.takes)
    if not one or not two or 1 / WORTH_TELLING < one / two < WORTH_TELLING:
        return ""
    ratio = max(one / two, two / one)
    return (less if one < two else more).format(f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×")


__all__ = ["Answers", "Comparison", "Quality", "System", "Takes", "compare", "joined", "sentence", "takes"]

"""Reports of races as pages show them, made without running anything."""

from core.candidates import resolve
from core.racing.records import Budget, Event, Race, RaceReport, Round, Rules, Saved, Seen, Standing
from core.spec import Experiment, RunSpec

NAMES = ("majority", "tfidf-linear", "minilm-linear", "minilm-full", "minilm-lora", "smollm2-zero-shot",
         "smollm2-few-shot")  # fmt: skip
FAMILY = {"majority": "baseline", "tfidf-linear": "baseline", "smollm2-zero-shot": "prompted_llm",
          "smollm2-few-shot": "prompted_llm"}  # fmt: skip
SIZES = ((444, 61), (1333, 182), (4000, 545))
LINES = {
    "minilm-full": (0.803, 0.891, 0.948),
    "minilm-lora": (0.787, 0.872, 0.939),
    "tfidf-linear": (0.689, 0.764),
    "minilm-linear": (0.770, 0.824),
    "smollm2-few-shot": (0.607,),
    "smollm2-zero-shot": (0.410,),
    "majority": (0.213,),
}
"""Quality by round; a candidate with fewer rounds was dropped after its last one."""


def seen(name: str, rounds: int) -> tuple[Seen, ...]:
    """What each round showed, with an interval as wide as its validation texts make it."""
    untrained = name in ("smollm2-zero-shot",)
    found = []
    for round, value in enumerate(LINES[name][:rounds]):
        texts, validated = SIZES[round]
        half = 1.96 * (value * (1 - value) / validated) ** 0.5
        found.append(Seen(round=round, texts=0 if untrained else texts, validated=validated, quality=value,
                          low=max(0.0, value - half), high=min(1.0, value + half)))  # fmt: skip
    return tuple(found)


def standing(name: str, rounds: int, status: str, chance: float) -> Standing:
    """Where a candidate stands when the race has decided `rounds` rounds."""
    history = seen(name, rounds)
    last = history[-1] if history else Seen(round=-1)
    gone = len(LINES[name]) < rounds or (len(LINES[name]) == rounds and rounds < 3)
    over = {"finished": "finished", "out of budget": "unaffordable"}.get(status, "in")
    position = "dropped" if gone else "running" if status == "running" else over
    why = f"{name} reaches at most 83 % on all texts; minilm-full expects 94 %." if gone else ""
    return Standing(
        candidate=name, family=FAMILY.get(name, "encoder"), position=position, round=last.round,  # type: ignore[arg-type]
        texts=last.texts, validated=last.validated, quality=last.quality, low=last.low, high=last.high,
        chance=0.004 if gone else chance, history=history,
        spent=Saved(seconds=30.0 * len(history), usd=0.002, kwh=0.0008),
        saved=Saved(seconds=240.0, usd=0.02, kwh=0.006) if gone else Saved(), why=why,
    )  # fmt: skip


def race_report(
    status: str = "running", rounds: int = 2, dataset: str = "questions", race_id: str = "questions.race.1",
    budget: Budget | None = None, aim: str = "best",
) -> RaceReport:  # fmt: skip
    """A race of seven that has decided `rounds` of three rounds."""
    race = Race(
        id=race_id, launched_at="2026-11-21T12:00:00.000+00:00", launched_by="ann",
        experiment=Experiment(dataset=dataset, candidates=list(NAMES)),
        budget=budget or Budget(minutes=20), rules=Rules(aim=aim, shares=(1 / 9, 1 / 3, 1.0)),  # type: ignore[arg-type]
        entries=tuple(RunSpec(dataset=dataset, fingerprint="f", task="single_label", candidate=resolve(name),
                              seed=0, train_size=None)
                      for name in NAMES),
        rounds=tuple(Round(train=train, validation=validation) for train, validation in SIZES),
    )  # fmt: skip
    chances = {"minilm-full": 0.71, "minilm-lora": 0.28}
    order = list(LINES)
    standings = tuple(standing(name, rounds, status, chances.get(name, 0.01) if rounds else 1 / 7) for name in order)
    events = [_event("started", 0, "", "7 candidates start on 444 texts")]
    for round in range(rounds):
        out = [one for one in standings if one.position == "dropped" and one.round == round]
        events.append(_event("round", round, "", f"Round {round + 1} of 3: {len(out)} were dropped."))
        events += [_event("dropped", round, one.candidate, one.why, one) for one in out]
    if status != "running":
        what = {"finished": "finished", "stopped": "stopped", "out of budget": "unaffordable"}[status]
        events.append(_event(what, max(rounds - 1, 0), "", "minilm-full is ahead"))
    return RaceReport(
        race=race, status=status, round=min(rounds, 2), rounds=3, metric="accuracy", standings=standings,  # type: ignore[arg-type]
        events=tuple(events), spent=Saved(seconds=410.0, usd=0.031, kwh=0.0094),
        full_grid=Saved(seconds=1560.0, usd=0.12, kwh=0.034), risk_taken=0.012 if rounds else 0.0,
        leader="minilm-full" if rounds else "",
    )  # fmt: skip


def _event(what: str, round: int, candidate: str, why: str, of: Standing | None = None) -> Event:
    return Event(
        at=f"2026-11-21T12:0{round + 1}:30.000+00:00", what=what, round=round, candidate=candidate, why=why,  # type: ignore[arg-type]
        chance=of.chance if of else None, saved=of.saved if of else Saved(),
    )  # fmt: skip

"""What metering costs: the same answers of MiniLM, metered as in a run and not metered."""

import time
from collections.abc import Callable

from bench.speed.material import context, method, questions
from bench.speed.timing import Contender, Outcome, own_seconds
from core.attempt import SNAPSHOT_SECONDS
from core.metering.meter import Meter
from core.preferences import Preferences


def metered(texts: int = 2000) -> list[Contender]:
    """A phase with its sampler and the snapshots that a run keeps, beside the bare work; processor seconds of both."""
    asked = method("minilm-full", epochs=1, patience=0)
    asked.fit(questions().train[:320], [], context())
    examples = (questions().test + questions().train)[:texts]
    meter = Meter("cpu", Preferences()).__enter__()
    spent: dict[str, list[float]] = {"metered": [], "bare": []}

    def with_meter() -> Outcome:
        answers: list[str | None] = []
        with meter.phase("predict") as phase:
            snapshot = time.monotonic()
            for prediction in asked.predict(examples, context()):
                phase.texts += 1
                phase.tokens += prediction.tokens
                answers.append(prediction.target)
                if time.monotonic() - snapshot > SNAPSHOT_SECONDS:
                    phase.usage()
                    snapshot = time.monotonic()
        return Outcome(texts, answers)

    def bare() -> Outcome:
        return Outcome(texts, [prediction.target for prediction in asked.predict(examples, context())])

    return [
        Contender("metered", _timed(with_meter, spent["metered"]), judge=lambda: _least(spent["metered"])),
        Contender("not metered", _timed(bare, spent["bare"]), judge=lambda: _least(spent["bare"])),
    ]


def _timed(act: Callable[[], Outcome], spent: list[float]) -> Callable[[], Outcome]:
    def timed() -> Outcome:
        before = own_seconds()
        outcome = act()
        spent.append(own_seconds() - before)
        return outcome

    return timed


def _least(spent: list[float]) -> dict[str, float]:
    """Processor seconds of the best round: other work on the machine moves them least."""
    return {"processor seconds": min(spent)}

"""One attempt at a run: fit, predict, time single texts and score, each step skipped when an earlier attempt did it.

Each phase is metered apart, and what is finished is kept in `parts/` and `checkpoints/`, so that the next attempt goes
on where a killed one stopped.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from core import files, joint
from core.clients.account import Account
from core.data.dataset import load_dataset, nested_sample
from core.errors import TradeoffError
from core.home import Home
from core.metering.adding import add_usage
from core.metering.attribution import Ledger
from core.metering.meter import Meter, PhaseMeter
from core.metering.usage import Phase, Usage
from core.methods import asks_provider, checked_settings, method_class, method_entry, models
from core.methods.base import Cancelled, Context, Method, Tokens
from core.portion import first, portion_of
from core.prediction_log import PredictionLog, write_predictions
from core.preferences import load as load_preferences
from core.runs import RunFolder
from core.scoring import run_scores
from core.tasks import Example, Score, get_task

EVALUATED = ("validation", "test")
REPORT_SECONDS = 0.25
SNAPSHOT_SECONDS = 5.0
LATENCY_TEXTS = 50
LATENCY_SECONDS = 15.0
LATENCY_WARM_UP = 3
GOES_ON = "Resume takes it to the end; what it has answered is kept."


class SetAside(Cancelled):
    """The run has answered its portion; its state says so, and nothing more is to be done now."""


class Execution:
    """The state of one attempt at a run."""

    def __init__(self, folder: RunFolder, home: Home) -> None:
        self.folder, self.home, self.spec = folder, home, folder.spec
        self.preferences = load_preferences(home)
        self.dataset = load_dataset(home, self.spec.dataset, self.spec.fingerprint)
        self.parts = folder.path / "parts"
        self.attempt = folder.state.attempt if folder.state else 1
        self.stopping = False
        self.portion = portion_of(folder)
        self._last_report: dict[str, float] = {}
        self._phase: PhaseMeter | None = None
        self._last_snapshot = 0.0
        self.context = Context(
            task=get_task(self.spec.task), labels=self.dataset.info.labels, device=self.spec.device,
            seed=self.spec.seed, models=home.cache / "models", checkpoints=folder.path / "checkpoints",
            report=self.report, should_stop=lambda: self.stopping or folder.cancel_requested,
            dataset=self.spec.dataset,
        )  # fmt: skip
        self.ledger = self.context.shared = Ledger(home.cache / "embeddings", folder.run_id)

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Ask the method to stop at its next batch."""
        self.stopping = True

    def run(self) -> None:
        """Every step of the run, each skipped when an earlier attempt has done it.

        Raises:
            SetAside: it was to answer a portion, and that is done.
        """
        self.context.stop_if_asked()
        self.report({"phase": "prepare", "step": 0, "steps": 1, "message": "loading"})
        candidate = self.spec.candidate
        if asks_provider(candidate.method):
            self.context.account = Account.of_run(self.home, self.folder, self.preferences)
        elif candidate.model:
            models.prepare(candidate.model, self.context.models)
        kind = method_class(candidate.method)
        with Meter(self.spec.device, self.preferences, candidate.settings.get("processes", 1)) as meter:
            method = self._fitted(kind, meter)
            done = self._predictions(method, meter)
            if self.portion is None:
                self._latency(method, meter)
        self._finish(done)
        if self.portion is not None:
            self._set_aside()

    def report(self, event: dict[str, Any]) -> None:
        """Append a progress event, at most a few a second unless it carries a metric or ends a phase."""
        moment, phase = time.monotonic(), event["phase"]
        if self._phase and moment - self._last_snapshot >= SNAPSHOT_SECONDS:
            self._snapshot(phase)
        weighty = "metric" in event or "message" in event or event.get("step") == event.get("steps")
        if weighty or moment - self._last_report.get(phase, 0.0) >= REPORT_SECONDS:
            self._last_report[phase] = moment
            files.append_jsonl(self.folder.path / "progress.jsonl", [{"at": files.now(), **event}])

    @contextmanager
    def _metered(self, meter: Meter, phase: Phase) -> Iterator[PhaseMeter]:
        with meter.phase(phase) as self._phase:
            self._last_snapshot = time.monotonic()
            try:
                yield self._phase
            finally:
                self._snapshot(phase)
                self._phase = None

    def _snapshot(self, phase: str) -> None:
        """Keep what this attempt has used so far: a killed attempt used its energy too."""
        if self._phase is not None and phase in ("fit", "predict", "latency"):
            self._last_snapshot = time.monotonic()
            content = self._phase.usage().model_dump(mode="json")
            files.write_json(self.parts / f"usage-{phase}-{self.attempt}.json", content)
            notes = self.parts / "notes.json"
            if phase == "predict" and notes.exists():  # what was counted while answering belongs to all attempts
                files.write_json(notes, self.context.notes)

    def _fitted(self, kind: type[Method], meter: Meter) -> Method:
        saved, notes = self.folder.path / "model", self.parts / "notes.json"
        if self.spec.joint and not notes.exists():
            taken = joint.take_model(self.home, self.folder)
            if taken is not None:
                files.write_json(notes, taken)
        if notes.exists():
            self.context.notes.update(files.read_json(notes, {}))
            return kind.load(saved, self.context)
        candidate = self.spec.candidate
        method = kind(checked_settings(candidate.method, candidate.settings, candidate.id), candidate.model)
        with self._metered(meter, "fit") as phase:
            self.ledger.phase, self.ledger.device = phase, meter.device_name
            phase.texts += self._fit(method)
            self.ledger.phase = None
        if self.ledger.texts:
            self.context.notes["vectors_of_other_runs"] = self.ledger.texts
        part = self.folder.path / "model.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(saved, ignore_errors=True)
        part.mkdir()
        method.save(part)
        part.rename(saved)
        if self.spec.joint:
            joint.note_usage(self.folder, self._usage_of_all_attempts()["fit"], self.context.notes)
        files.write_json(notes, self.context.notes)
        return method

    def _fit(self, method: Method) -> int:
        """Fit the method; returns how many texts it was fitted on."""
        if self.spec.joint:
            together = joint.load_parts(self.home, self.spec)
            joint.note_fit(self.folder, together)
            method.fit_parts(together, self.context)  # type: ignore[attr-defined]
            return sum(len(part.train) for part in together)
        train = nested_sample(self.dataset.examples("train"), self.spec.train_size, self.spec.seed, self.spec.task)
        validation = self.dataset.examples("validation")
        if self.spec.train_size is not None and method_entry(self.spec.candidate.method).trained:
            validation = first(validation, self.portion)
            self.context.notes |= {"chosen_on": len(validation)} if self.portion else {}
        method.fit(train, validation, self.context)
        return len(train)

    def _due(self, split: str) -> list[Example]:
        """The texts of a split that are to be answered now."""
        if self.portion is None:
            return self.dataset.examples(split)
        return first(self.dataset.examples(split), self.portion) if split == "validation" else []

    def _predictions(self, method: Method, meter: Meter) -> PredictionLog:
        with PredictionLog(self.parts / "predictions.jsonl") as log:
            examples = [example for split in EVALUATED for example in self._due(split)]
            missing = [example for example in examples if example.id not in log.done]
            if missing:
                with self._metered(meter, "predict") as phase:
                    for prediction in method.predict(missing, self.context):
                        log.add(prediction)
                        phase.texts += 1
                        phase.tokens += prediction.tokens
                        self.report(_texts_event("predict", len(log.done), len(examples)))
            left = [example.id for example in examples if example.id not in log.done]
            if left:
                raise TradeoffError(
                    f"{len(left)} texts got no prediction, {left[0]} among them", remedy="Retry the run."
                )
        return log

    def _latency(self, method: Method, meter: Meter) -> None:
        """Time single texts as a user would wait for them: one at a time, warm.

        Those of a provider were timed when they were asked: asking again would be paid again.
        """
        if self.context.account is not None:
            return
        examples = self.dataset.examples("test")
        chosen = examples[:: max(1, len(examples) // LATENCY_TEXTS)][:LATENCY_TEXTS]
        context = Context(
            self.context.task, self.context.labels, self.context.device, self.context.seed, self.context.models,
            should_stop=self.context.should_stop, dataset=self.context.dataset,
        )  # fmt: skip
        for example in chosen[:LATENCY_WARM_UP]:
            list(method.predict([example], context))
        with self._metered(meter, "latency") as phase:
            began = time.monotonic()
            for example in chosen:
                before = time.perf_counter()
                predictions = list(method.predict([example], context))
                phase.latency_ms.append((time.perf_counter() - before) * 1000)
                phase.texts += 1
                phase.tokens += sum((p.tokens for p in predictions), Tokens())
                self.report(_texts_event("latency", phase.texts, len(chosen)))
                if time.monotonic() - began > LATENCY_SECONDS and phase.texts >= 5:
                    break

    def _finish(self, log: PredictionLog) -> None:
        by_split: dict[str, Sequence[Example]] = {split: due for split in EVALUATED if (due := self._due(split))}
        scores: list[Score] = []
        for split, examples in by_split.items():
            done = [log.done[example.id] for example in examples]
            scores += run_scores(
                self.context.task, self.context.labels, split, [example.target for example in examples],
                [prediction.target for prediction in done], [prediction.reason for prediction in done],
                [example.id for example in examples],
            )  # fmt: skip
        write_predictions(self.folder.path / "predictions.parquet", by_split, log.done)
        self.folder.write_scores(scores, self.context.labels)
        phases = self._usage_of_all_attempts()
        if self.spec.joint:
            share, note = joint.fit_share(self.folder)
            phases |= {"fit": share} if share else {}
            self.context.notes.update(note)
        if self.context.account is not None:
            seconds = [log.done[example.id].seconds for example in by_split.get("test", by_split["validation"])]
            phases = self.context.account.phases(self.spec.candidate, phases, len(log.done), seconds)
            self.context.notes.update(self.context.account.notes())
        told = {"validated": len(by_split["validation"])} if self.portion is not None else {}
        self.folder.write_usage(phases, self.context.notes | told)

    def _set_aside(self) -> None:
        if portion_of(self.folder) == self.portion:
            self.folder.set_state("paused", f"Set aside after {self.portion:,} validation texts", GOES_ON)
        else:  # somebody asked for more of it meanwhile
            self.folder.set_state("queued", "It goes on with more texts")
        raise SetAside

    def _usage_of_all_attempts(self) -> dict[str, Usage]:
        phases: dict[str, Usage] = {}
        for path in sorted(self.parts.glob("usage-*.json")):
            usage = Usage(**files.read_json(path))
            phases[usage.phase] = add_usage(phases.get(usage.phase), usage)
        return phases


def _texts_event(phase: str, texts: int, total: int) -> dict[str, Any]:
    return {"phase": phase, "step": texts, "steps": total, "texts": texts, "total": total}

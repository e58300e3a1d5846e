"""Ask fitted candidates about texts. The models live in a child process, so this side never imports torch."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.data.dataset import load_dataset
from core.errors import TradeoffError, unknown
from core.findings.results import Pricing, pricing
from core.home import Home
from core.metering.usage import TokenCount, Usage
from core.preferences import load as load_preferences
from core.runs import RunFolder, find_run, list_runs
from core.spec import RunSpec
from core.tasks import get_task

MOST_TEXTS = 100_000
LONGEST_TEXT = 1_000_000


class Predictor:
    """A warm child process that answers texts, one request at a time.

    It is started by the first request and ends by itself when idle; the next request starts another. Use it as
    a context manager, or call `close`.
    """

    def __init__(self, home: Home, idle_seconds: float | None = None) -> None:
        self.home = home
        self.preferences = load_preferences(home)
        self.idle_seconds = 60.0 * self.preferences.idle_minutes if idle_seconds is None else idle_seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "Predictor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_warm(self) -> bool:
        """Whether the child is alive now."""
        return self._child is not None and self._child.poll() is None

    def close(self) -> None:
        """Let the models go."""
        child, self._child = self._child, None
        if child is not None:
            if child.stdin:
                child.stdin.close()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def predict(
        self, run_id: str, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[dict[str, Any]]:
        """The answer of a finished run to each text, in order.

        Each has text, prediction (encoded; None when invalid, with reason), shown (in plain words), labels and spans
        (`read_answer`), confidence, probabilities by label (None for tasks with spans), completion, seconds (this
        text's share), tokens, usd (None when the price is unknown), run, candidate and answered_by: of a cascade the
        stage that answered, else the candidate itself.

        Raises:
            TradeoffError: no such run, it has not finished, too many or too long texts, or its model failed.
        """
        folder = fitted(find_run(self.home, run_id))
        _check(texts)
        if not texts:
            return []
        with self._lock:
            predictions = self._ask({"run": folder.run_id, "texts": list(texts)}, on_progress)
        billed = _Billed(self.home, folder, pricing(self.preferences))
        return [
            {
                "text": text, **read_answer(folder.spec.task, prediction["prediction"], text),
                **billed.of(prediction), **prediction, "run": folder.run_id, "candidate": folder.spec.label,
            }
            for text, prediction in zip(texts, predictions, strict=True)
        ]  # fmt: skip

    def _ask(self, request: dict[str, Any], on_progress: Callable[[int], None] | None) -> list[dict[str, Any]]:
        child = self._started()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(request, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            child.stdin.flush()
            for line in child.stdout:
                message = json.loads(line)
                if "predictions" in message:
                    found: list[dict[str, Any]] = message["predictions"]
                    return found
                if "error" in message:
                    raise TradeoffError(**message["error"])
                if on_progress and "done" in message:
                    on_progress(message["done"])
        except BrokenPipeError:
            pass
        code = child.wait()
        self._child = None
        why = "most likely because memory ran out" if code == -9 else f"with exit code {code}"
        raise TradeoffError(
            f"The model's process ended, {why}", str(self.log), "Ask fewer candidates at once, or try again."
        )

    @property
    def log(self) -> Path:
        """Where the child writes what its libraries say."""
        return self.home.root / "predictor.log"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            command = [sys.executable, "-m", "core.predictor_child", str(self.home.root), str(self.idle_seconds)]
            with open(self.log, "wb") as log:
                self._child = subprocess.Popen(
                    command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
                )
        return self._child


def read_answer(task: str, prediction: str | None, text: str) -> dict[str, Any]:
    """An encoded prediction for people and programs, None where it is invalid.

    `shown` in plain words; `labels` of the whole text; `spans` as `{"start", "end", "label", "text"}`, in characters
    from `start` up to and without `end`.
    """
    if prediction is None:
        return {"prediction": None, "shown": None, "labels": [], "spans": []}
    target = get_task(task).decode(prediction)
    spans = [
        {"start": span.start, "end": span.end, "label": span.label, "text": text[span.start : span.end]}
        for span in target.spans
    ]
    return {
        "prediction": prediction, "shown": get_task(task).shown(prediction, text), "labels": list(target.labels),
        "spans": spans,
    }  # fmt: skip


def find_fitted(home: Home, name: str, dataset: str | None = None) -> RunFolder:
    """The finished run called `name`, or the best (on validation) of the candidate `name` on `dataset`.

    Raises:
        TradeoffError: neither, or it has not finished.
    """
    runs = {folder.run_id: folder for folder in list_runs(home)}
    if name in runs:
        return fitted(runs[name])
    if dataset is None:
        by_start = [folder for run_id, folder in runs.items() if run_id.startswith(name)]
        if len(by_start) == 1:
            return fitted(by_start[0])
        raise TradeoffError(f'There is no run "{name}"', remedy="Add --dataset NAME if this is a candidate's name.")
    fingerprint = load_dataset(home, dataset).info.fingerprint
    here = [f for f in runs.values() if f.spec.dataset == dataset and f.spec.fingerprint == fingerprint]
    finished = [folder for folder in here if folder.state and folder.state.status == "finished"]
    mine = [folder for folder in finished if name in (folder.spec.label, folder.spec.candidate.id)]
    if not mine:
        raise unknown(f"finished candidate on {dataset}", name, {folder.spec.label for folder in finished})
    return max(mine, key=_merit)


def fitted(folder: RunFolder) -> RunFolder:
    """The folder itself, once it is sure that it has a model to ask.

    Raises:
        TradeoffError: the run has not finished.
    """
    state = folder.state
    if state is None or state.status != "finished":
        raise TradeoffError(
            f"The run {folder.run_id} has not finished ({state.status if state else 'unknown'})",
            remedy="Wait for it, or retry it on the Runs page.",
        )
    return folder


def read_texts(path: Path, column: str | None = None) -> list[str]:
    """The texts of a file in any format that can be imported, or of a plain text file, a text a line.

    Raises:
        TradeoffError: the file cannot be read, or which column holds the texts is not clear.
    """
    if path.suffix.lower() == ".txt":
        return [line for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if line.strip()]
    from core.data.importing import read_text_column

    return read_text_column(path, column)


def _merit(folder: RunFolder) -> tuple[bool, int, float]:
    """What is asked for by name: unchanged settings, one dataset, most texts; then the best on validation."""
    spec, primary = folder.spec, get_task(folder.spec.task).primary_metric
    validation = [s.value for s in folder.scores if s.split == "validation" and s.metric == primary]
    plain = not spec.candidate.changed and not spec.joint
    return plain, spec.train_size or 2**40, validation[0] if validation else 0.0


def _check(texts: Sequence[str]) -> None:
    if len(texts) > MOST_TEXTS:
        raise TradeoffError(f"{len(texts):,} texts are too many at once", remedy=f"Send at most {MOST_TEXTS:,}.")
    for place, text in enumerate(texts):
        if len(text) > LONGEST_TEXT:
            raise TradeoffError(f"Text {place + 1} has {len(text):,} characters", remedy=f"Cut it to {LONGEST_TEXT:,}.")


class _Billed:
    """What answers of a run cost, and who gave them: a cascade's may come from several runs."""

    def __init__(self, home: Home, folder: RunFolder, price: Pricing) -> None:
        self.home, self.price = home, price
        self.runs = {folder.run_id: (folder.spec, folder.usage.get("predict"))}
        self.own = folder.run_id

    def of(self, prediction: dict[str, Any]) -> dict[str, Any]:
        """`usd` and `answered_by` of an answer, in the place of `asked`."""
        asked = prediction.pop("asked", None) or [{**prediction, "run": self.own}]
        costs = [self._usd(one) for one in asked]
        return {
            "usd": None if None in costs else sum(cost or 0.0 for cost in costs),
            "answered_by": self._run(asked[-1]["run"])[0].label,
        }

    def _usd(self, one: dict[str, Any]) -> float | None:
        spec, usage = self._run(one["run"])
        found = Usage(
            phase="predict", texts=1, wall_seconds=one["seconds"], device_seconds=one["seconds"], device=spec.device,
            device_name=usage.device_name if usage else "", tokens=TokenCount(**one["tokens"]),
        )  # fmt: skip
        return self.price(found, spec.candidate.model).usd

    def _run(self, run_id: str) -> tuple[RunSpec, Usage | None]:
        if run_id not in self.runs:
            folder = find_run(self.home, run_id)
            self.runs[run_id] = (folder.spec, folder.usage.get("predict"))
        return self.runs[run_id]

"""The process that keeps fitted models warm and answers texts: `python -m core.predictor_child HOME IDLE_SECONDS`.

Requests and answers are JSON lines on stdin and stdout. A request is `{"run": id, "texts": [...]}`; its answer is a
line `{"loaded_seconds": s}`, a line `{"done": n}` now and then, and last `{"predictions": [...]}` or `{"error": {…}}`.
The process ends when stdin closes or nobody has asked for IDLE_SECONDS.
"""

import json
import os
import select
import sys
import time
import traceback
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import psutil

from core.clients.account import Account
from core.data.dataset import load_dataset
from core.errors import TradeoffError
from core.home import Home
from core.methods import asks_provider, method_class, method_entry, models
from core.methods.base import Context, Method
from core.methods.cascade import Cascade
from core.preferences import load as load_preferences
from core.runs import find_run
from core.tasks import Example, get_task

MOST_MODELS = 6
MEMORY_SHARE = 0.5


class WarmModels:
    """The fitted models in memory; the longest unused goes first when there are many or memory runs short."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.loaded: OrderedDict[str, tuple[Method, Context]] = OrderedDict()

    def get(self, run_id: str) -> tuple[Method, Context]:
        """The method of a finished run, loaded when it is not warm."""
        if run_id in self.loaded:
            self.loaded.move_to_end(run_id)
            return self.loaded[run_id]
        while len(self.loaded) >= MOST_MODELS or (self.loaded and _memory_short()):
            self.loaded.popitem(last=False)
        folder = find_run(self.home, run_id)
        spec = folder.spec
        labels = folder.labels or load_dataset(self.home, spec.dataset, spec.fingerprint).info.labels
        context = Context(
            get_task(spec.task), labels, spec.device, spec.seed, self.home.cache / "models", dataset=spec.dataset,
            fitted=self.get,
        )  # fmt: skip
        remote = asks_provider(spec.candidate.method)
        if remote:
            context.account = Account.of(spec.candidate, load_preferences(self.home))
        elif spec.candidate.model:
            models.prepare(spec.candidate.model, context.models)
        method = method_class(spec.candidate.method).load(folder.path / "model", context)
        # A provider would bill it, and there is nothing to warm; the stages of a cascade are warm by now.
        if not remote and method_entry(spec.candidate.method).launched:
            list(method.predict([Example("warm", "warm up", "")], context))
        self.loaded[run_id] = (method, context)
        return method, context


def _memory_short() -> bool:
    return psutil.Process().memory_info().rss > MEMORY_SHARE * psutil.virtual_memory().total


def answer(warm: WarmModels, request: dict[str, Any], out: TextIO) -> None:
    """Answer one request; what goes wrong is told in the answer and the process lives on."""
    try:
        began = time.perf_counter()
        method, context = warm.get(request["run"])
        _say(out, {"loaded_seconds": time.perf_counter() - began})
        examples = [Example(str(i), text, "") for i, text in enumerate(request["texts"])]
        found: dict[str, dict[str, Any]] = {}
        said = time.monotonic()
        for prediction in method.predict(examples, context):
            found[prediction.id] = {
                "prediction": prediction.target, "reason": prediction.reason, "confidence": prediction.confidence,
                "probabilities": _by_label(context.labels, prediction.probabilities),
                "completion": prediction.completion, "seconds": prediction.seconds,
                "tokens": {"input": prediction.tokens.input, "cached": prediction.tokens.cached,
                           "output": prediction.tokens.output, "reasoning": prediction.tokens.reasoning},
                **_trail(method, prediction.id),
            }  # fmt: skip
            if time.monotonic() - said > 0.25:
                said = time.monotonic()
                _say(out, {"done": len(found)})
        _say(out, {"predictions": [found[example.id] for example in examples]})
    except TradeoffError as error:
        _say(out, {"error": {"what": error.what, "where": error.where, "remedy": error.remedy}})
    except MemoryError:
        _say(out, {"error": {"what": "The model does not fit in memory", "where": "", "remedy": "Try fewer models."}})
    except Exception as error:
        traceback.print_exc()
        what = f"The model could not answer: {type(error).__name__}: {str(error)[:300]}"
        _say(out, {"error": {"what": what, "where": "", "remedy": "Retry, or fit the candidate again."}})


def _trail(method: Method, example: str) -> dict[str, Any]:
    """Of a cascade: the runs that were asked, with the seconds and tokens of each."""
    if not isinstance(method, Cascade):
        return {}
    return {
        "asked": [
            {"run": run, "seconds": found.seconds, "tokens": asdict(found.tokens)}
            for run, found in method.trail(example)
        ]
    }  # fmt: skip


def _by_label(labels: list[str], probabilities: Any) -> dict[str, float] | None:
    if probabilities is None:
        return None
    return {label: round(float(p), 6) for label, p in zip(labels, probabilities, strict=True)}


def _say(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message, ensure_ascii=False) + "\n")
    out.flush()


def main(home_folder: str, idle_seconds: float) -> int:
    """Serve until stdin closes or nobody asks any more."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries that print must not write into the answers
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    warm = WarmModels(Home(Path(home_folder)))
    waiting = b""
    while True:
        ready, _, _ = select.select([requests], [], [], idle_seconds)
        if not ready:
            return 0
        block = requests.read(1 << 20)
        if not block:
            return 0
        *lines, waiting = (waiting + block).split(b"\n")
        for line in lines:
            answer(warm, json.loads(line), out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))

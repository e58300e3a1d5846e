"""The preview of a candidate's prompt on a dataset, for programs that never import torch.

`python -m core.prompts.preview_child` reads a request (JSON) on stdin and writes `{"preview": …}` or `{"error": …}`.
"""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from core.data.dataset import load_dataset, nested_sample
from core.errors import TradeoffError
from core.home import Home
from core.prompts.preview import PromptPreview, needs_encoder, preview
from core.spec import Candidate, Record
from core.tasks import get_task

ROOT = Path(__file__).parents[2]
SECONDS = 600
"""After so long the encoder that looks for similar examples is given up."""


class PreviewRequest(Record):
    """Which run's prompt is asked for, on how many texts: those of validation, of training where a model is taught."""

    home: str
    dataset: str
    fingerprint: str
    candidate: Candidate
    train_size: int | None = None
    seed: int = 0
    count: int = 3


def previewed(request: PreviewRequest) -> PromptPreview:
    """The preview, by a process of its own where it takes an encoder.

    Raises:
        TradeoffError: the candidate asks nothing, or the encoder for similar examples cannot be loaded.
    """
    if not needs_encoder(request.candidate):
        return answered(request)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.prompts.preview_child"], cwd=ROOT, input=request.model_dump_json().encode(),
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TradeoffError(
            f"Looking for similar examples took longer than {SECONDS // 60} minutes", request.candidate.id,
            "Set pool to fewer training texts.",
        ) from None  # fmt: skip
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        why = "most likely because memory ran out" if done.returncode == -9 else f"with exit code {done.returncode}"
        raise TradeoffError(f"Looking for similar examples ended, {why}", request.candidate.id, "Try again.") from None
    if "error" in said:
        raise TradeoffError(**said["error"])
    return PromptPreview(**said["preview"])


def answered(request: PreviewRequest) -> PromptPreview:
    """The preview, in this process."""
    home = Home(Path(request.home))
    dataset = load_dataset(home, request.dataset, request.fingerprint)
    task, whole = get_task(dataset.info.task), dataset.examples("train")
    train = nested_sample(whole, request.train_size, request.seed, dataset.info.task)
    asked = (train if "shots" not in request.candidate.settings else dataset.examples("validation")) or train
    every = max(1, len(asked) // request.count)
    texts = [example.text for example in asked[::every][: request.count]]
    return preview(request.candidate, task, dataset.info.labels, train, texts, home, request.seed)


def main() -> int:
    """Answer the request on stdin."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries that print must not write into the answer
    try:
        said: dict[str, Any] = {"preview": answered(PreviewRequest(**json.load(sys.stdin))).model_dump(mode="json")}
    except TradeoffError as error:
        said = {"error": {"what": error.what, "where": error.where, "remedy": error.remedy}}
    except Exception as error:
        traceback.print_exc()
        said = {"error": {"what": f"The prompt cannot be shown: {type(error).__name__}: {str(error)[:300]}"}}
    out.write(json.dumps(said, ensure_ascii=True))
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""GLiClass (Stepanov et al. 2025, arXiv 2508.07662): an encoder reads all labels beside the text and scores each.

Model and input format are the library `gliclass`'s, an optional install. No weight is trained.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import TradeoffError
from core.methods.base import Context, Prediction, memory_guard
from core.methods.batching import TextTokenizer, budget_batches
from core.methods.device import Arithmetic, arithmetic, settle
from core.methods.inference import WINDOW
from core.methods.linear import note_threshold, saved_outputs
from core.methods.models import local_path
from core.methods.outputs import PartOutputs, Raw
from core.methods.pretrained import load_model, load_tokenizer
from core.methods.saved import read_about, write_about
from core.methods.settings.zero_shot import GliclassSettings
from core.methods.zero_shot import check_installed, harmless, label_groups, library, own_configuration, shown_labels
from core.methods.zero_shot import text_room as room_of
from core.tasks.base import Example

METHOD = "gliclass"
COMMAND = "pip install -r requirements-optional.txt -c constraints.txt"
MARKS = ("<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>")
SLACK = 2
"""Tokens more that text and labels may have joined than apart."""
CHARACTERS_A_TOKEN = 64
NO_WORDS: NDArray[np.float32] = np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Cut:
    """A text as far as it is read, and its length in tokens."""

    text: str
    tokens: int
    truncated: bool


class Gliclass:
    """A pretrained encoder that was taught to score any labels; where a text may have several, a threshold."""

    def __init__(self, settings: GliclassSettings, model: str | None = None) -> None:
        self.settings = settings
        self.model_name = model or ""
        self.outputs = PartOutputs("", "single_label", [])
        self.model: Any = None
        self.pipeline: Any = None
        self.tokenizer: TextTokenizer | None = None
        self.arithmetic: Arithmetic | None = None
        self.shown: list[str] = []
        self.groups: list[list[int]] = []
        self.prompt_tokens: list[int] = []

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:  # noqa: ARG002
        """Load the model; choose the threshold on `validation` where a text may have several labels.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the package is not installed, the model cannot be loaded, or memory ran out.
        """
        settle(context.seed)
        self.outputs = PartOutputs(
            context.dataset, context.task.name, list(context.labels), threshold=self.settings.threshold
        )
        self._start(context)
        context.stop_if_asked()
        if context.task.text_labels == "any":
            known = validation[: self.settings.validation_texts] if self.settings.tune_threshold else []
            raws = [raw for some in self._raws(known, context, "examples", "fit") for raw in some]
            for name, value in self.outputs.evaluate(raws, known, context.labels).items():
                context.report(
                    {"phase": "fit", "step": 1, "steps": 1, "metric": f"validation_{name}", "value": value}
                )  # fmt: skip
            note_threshold(self.outputs, context)
        context.report({"phase": "fit", "step": 1, "steps": 1})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict in batches of similar length; a batch's predictions come as it is done."""
        for raws in self._raws(examples, context, "predicted"):
            yield from self.outputs.predictions(raws, examples, context.labels)

    def save(self, folder: Path) -> None:
        """Write settings, labels, the threshold and the model's name."""
        write_about(
            folder, METHOD, self.settings, self.outputs.labels, self.model_name, outputs=self.outputs.about()
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote, and the model by its name."""
        about = read_about(folder)
        method = cls(GliclassSettings(**about["settings"]), about["model"])
        method.outputs = saved_outputs(about)
        method._start(context)
        return method

    def _start(self, context: Context) -> None:
        """Load the model and lay out its labels."""
        check_installed("gliclass", "GLiClass", COMMAND)
        with library("gliclass", COMMAND):
            from gliclass import GLiClassModel
            from gliclass.pipeline import UniEncoderZeroShotClassificationPipeline
        folder = Path(local_path(self.model_name, context.models))
        if own_configuration(folder / "config.json", self.model_name).get("architecture_type") != "uni-encoder":
            raise TradeoffError(
                f"{self.model_name} reads labels apart from texts", remedy="Choose a GLiClass model with one encoder."
            )
        self.arithmetic = arithmetic(context.device, self.settings.precision)
        with memory_guard("batch_tokens", context.device):
            self.model, missing = load_model(GLiClassModel, self.model_name, context)
            if missing:
                raise TradeoffError(
                    f"Weights of {self.model_name} are missing, {sorted(missing)[0]} for one",
                    remedy="Download it again.",
                )
            self.model.eval().to(self.arithmetic.device)
        encoder = self.model.model.encoder_model
        self.tokenizer = load_tokenizer(self.model_name, encoder, self.settings.max_tokens, context)
        self.pipeline = UniEncoderZeroShotClassificationPipeline(
            self.model, self.tokenizer.tokenizer, max_length=self.tokenizer.max_tokens,
            device=self.arithmetic.device, progress_bar=False,
        )  # fmt: skip
        self._lay_out_labels()
        context.notes["parameters_total"] = sum(weights.numel() for weights in self.model.parameters())
        context.notes["precision"] = self.arithmetic.precision
        if len(self.groups) > 1:
            context.notes["label_passes"] = len(self.groups)

    def _lay_out_labels(self) -> None:
        """Labels as the model reads them, in groups that leave half of the room to the text where they can."""
        assert self.tokenizer is not None
        tokenizer, config = self.tokenizer.tokenizer, self.model.config
        if not tokenizer.is_fast:
            raise TradeoffError(
                f"The tokenizer of {self.model_name} does not tell where its tokens lie in the text",
                remedy="Choose a model with a tokenizer.json.",
            )
        self.shown = shown_labels(self.outputs.labels, self.settings.label_words, MARKS)
        lengths = [1 + len(tokenizer(label, add_special_tokens=False)["input_ids"]) for label in self.shown]
        most = {"dynamic": None, "fixed": config.max_num_classes}.get(config.max_labels_alloc, config.max_labels_alloc)
        self.groups = label_groups(lengths, self.tokenizer.max_tokens // 2, most)
        prompts = [self.pipeline.prepare_input("", self._labels(group)) for group in self.groups]
        self.prompt_tokens = [len(tokenizer(prompt)["input_ids"]) + SLACK for prompt in prompts]

    def _labels(self, group: Sequence[int]) -> list[str]:
        return [self.shown[place] for place in group]

    def _raws(
        self, examples: Sequence[Example], context: Context, counted: str, phase: str = ""
    ) -> Iterator[list[Raw]]:
        """Scores of every label, batch after batch."""
        assert self.arithmetic is not None, "fit or load comes first"
        done = 0
        for start in range(0, len(examples), WINDOW):
            began = perf_counter()
            cuts = self._cut([example.text for example in examples[start : start + WINDOW]])
            overhead = (perf_counter() - began) / len(cuts)
            note, cut_short = f"truncated_{counted}", sum(cut.truncated for cut in cuts)
            if cut_short:
                context.notes[note] = context.notes.get(note, 0) + cut_short
            longest = max(self.prompt_tokens)
            for places in budget_batches([longest + cut.tokens for cut in cuts], self.settings.batch_tokens):
                context.stop_if_asked()
                began = perf_counter()
                with memory_guard("batch_tokens", context.device), torch.inference_mode(), self.arithmetic.autocast():
                    scores = np.concatenate([self._scores([cuts[i].text for i in places], g) for g in self.groups], 1)
                seconds = (perf_counter() - began) / len(places) + overhead
                yield [
                    Raw(start + i, row, NO_WORDS, (), self._tokens(cuts[i]), seconds)
                    for i, row in zip(places, scores, strict=True)
                ]
                done += len(places)
                if phase:
                    context.report({"phase": phase, "step": done, "steps": len(examples), "texts": done})

    def _scores(self, texts: Sequence[str], group: Sequence[int]) -> NDArray[np.float32]:
        """Scores of a group of labels, shape (texts, labels of the group)."""
        inputs = self.pipeline.prepare_inputs(texts, self._labels(group), same_labels=True)
        alloc = self.model.config.max_labels_alloc
        most = len(group) if alloc == "dynamic" else alloc if isinstance(alloc, int) else None
        logits = self.model(**inputs, max_num_classes=most).logits
        scores: NDArray[np.float32] = logits[:, : len(group)].float().cpu().numpy()
        return scores

    def _cut(self, texts: Sequence[str]) -> list[Cut]:
        """Texts as far as they fit beside the labels, so that nothing of the labels is ever cut."""
        assert self.tokenizer is not None
        room = room_of(self.tokenizer.max_tokens, max(self.prompt_tokens), self.model_name)
        clean = [harmless(text[: room * CHARACTERS_A_TOKEN], MARKS) for text in texts]
        table = self.tokenizer.tokenizer(
            clean, add_special_tokens=False, truncation=True, max_length=room, return_offsets_mapping=True
        )
        found = []
        for whole, text, fast in zip(texts, clean, table.encodings, strict=True):
            cut = bool(fast.overflowing)
            end = fast.offsets[-1][1] if cut else len(text)
            found.append(Cut(text[:end], len(fast.ids), cut or len(whole) > room * CHARACTERS_A_TOKEN))
        return found

    def _tokens(self, cut: Cut) -> int:
        """Tokens read, all passes together."""
        return sum(tokens - SLACK + cut.tokens for tokens in self.prompt_tokens)

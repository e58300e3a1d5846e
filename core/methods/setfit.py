"""SetFit (Tunstall et al. 2022): a sentence encoder fine-tuned on pairs of texts, then a linear head.

The pairs and their training are the library `setfit`'s, an optional install; the head is the one of `embedding-linear`.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from transformers import AutoModel, TrainerCallback

from core.errors import TradeoffError
from core.methods.base import Cancelled, Context, memory_guard
from core.methods.device import arithmetic
from core.methods.embedding import EmbeddingLinear
from core.methods.linear import saved_outputs
from core.methods.logistic import LogisticHead, read_tensors
from core.methods.models import loading, local_path
from core.methods.pretrained import load_model, load_tokenizer
from core.methods.saved import read_about
from core.methods.settings.setfit import SetFitSettings
from core.tasks.base import Example

PACKAGES = ("setfit", "sentence_transformers")
ENCODER = "encoder"


def check_installed() -> None:
    """Raises TradeoffError when the optional packages are absent."""
    if any(find_spec(name) is None for name in PACKAGES):
        raise TradeoffError(
            "SetFit needs the packages setfit and sentence-transformers",
            remedy="Install them with `pip install -r requirements-optional.txt`.",
        )


class SetFit(EmbeddingLinear):
    """An encoder whose texts of one label were drawn together and those of different labels apart."""

    METHOD = "setfit"
    SHARES = False

    def __init__(self, settings: SetFitSettings, model: str | None = None) -> None:
        super().__init__(settings, model)
        self.settings: SetFitSettings = settings

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Fine-tune the encoder on pairs of training texts, then fit the head; a killed run starts over.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: a package is not installed, the model cannot be loaded, or memory ran out.
        """
        check_installed()
        self._tuned = None
        with memory_guard("batch_size", context.device):
            self._tuned = self._on_pairs(train, context)
        super().fit(train, validation, context)

    def save(self, folder: Path) -> None:
        """Write settings and head as `embedding-linear` does, and the tuned encoder beside them."""
        super().save(folder)
        self.model.save_pretrained(folder / ENCODER)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote."""
        about = read_about(folder)
        method = cls(SetFitSettings(**about["settings"]), about["model"])
        method.outputs = saved_outputs(about)
        tensors = read_tensors(folder / "weights.safetensors")
        method.head = LogisticHead.from_tensors(method.outputs.text_labels, tensors)
        method._tuned, _ = load_model(AutoModel, about["model"], context, folder / ENCODER)
        method._start(context)
        return method

    def _start(self, context: Context) -> None:
        """The tuned encoder takes the place of the one by that name."""
        self.arithmetic = arithmetic(context.device)
        self.model = self._tuned
        self.tokenizer = load_tokenizer(self.model_name, self.model, self.settings.max_tokens, context)
        self.model.eval().to(self.arithmetic.device)
        context.notes["parameters_total"] = sum(weights.numel() for weights in self.model.parameters())

    def _on_pairs(self, train: Sequence[Example], context: Context) -> Any:
        """The encoder after contrastive training on pairs of texts."""
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Pooling, Transformer
        from setfit import SetFitModel, Trainer, TrainingArguments
        from sklearn.linear_model import LogisticRegression

        with loading(self.model_name):
            words = Transformer(local_path(self.model_name, context.models), max_seq_length=self.settings.max_tokens)
        pooled = Pooling(words.get_word_embedding_dimension(), pooling_mode=self.settings.pooling)
        body = SentenceTransformer(modules=[words, pooled], device=context.device)
        with TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder, num_epochs=(self.settings.epochs, 1), batch_size=(self.settings.batch_size, 2),
                body_learning_rate=(self.settings.learning_rate, 1e-5), max_steps=self.settings.most_steps,
                sampling_strategy=self.settings.sampling, seed=context.seed, save_strategy="no", eval_strategy="no",
                report_to="none", show_progress_bar=False, logging_strategy="no",
            )  # fmt: skip
            trainer = Trainer(SetFitModel(model_body=body, model_head=LogisticRegression()), arguments)
            watch = _Watch(context)
            trainer.add_callback(watch)
            trainer.train_embeddings(
                [example.text for example in train], [example.target for example in train], args=arguments
            )
        if watch.stopped:
            raise Cancelled
        return words.auto_model


class _Watch(TrainerCallback):  # type: ignore[misc]
    """Tells how far training is, and ends it when the run is to stop."""

    def __init__(self, context: Context) -> None:
        self.context, self.stopped = context, False

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Called by the library after every step."""
        self.context.report({"phase": "fit", "step": state.global_step, "steps": state.max_steps})
        if self.context.should_stop():
            self.stopped = control.should_training_stop = True
        return control

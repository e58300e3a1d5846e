"""MiniLM fine-tuned, beside the Hugging Face Trainer."""

import tempfile
from typing import Any

import torch

from bench.speed.material import SEED, context, method, predicted, questions, right, weights
from bench.speed.timing import Contender, Outcome
from core.tasks import Example

PIPELINE_BATCH = 32


def tuning(candidate: str, texts: int | None = None, epochs: int = 3, padded_to: int | None = None) -> list[Contender]:
    """All epochs over the same texts with the same batch size and learning rate; the peer's loading is not timed."""
    train, test = questions().train[:texts], questions().test
    lora = candidate.endswith("lora")
    held: dict[str, Any] = {}

    def fresh() -> None:
        held["ours"] = method(candidate, epochs=epochs, patience=0)

    def ours() -> Outcome:
        held["ours"].fit(train, [], context())
        return Outcome(len(train) * epochs)

    def load() -> None:
        held["peer"] = _trainer(candidate, train, epochs, padded_to)

    def peer() -> Outcome:
        held["peer"].train()
        return Outcome(len(train) * epochs)

    name = f"Hugging Face Trainer{' and PEFT' if lora else ''}"
    padding = f"padded to {padded_to}" if padded_to else "dynamic padding"
    return [
        Contender("tradeoff", ours, fresh, lambda: {"right": right(predicted(held["ours"], test, context()), test)}),
        Contender(f"{name}, {padding}", peer, load, lambda: {"right": right(_labels(held["peer"], test), test)}),
    ]


def _trainer(candidate: str, train: list[Example], epochs: int, padded_to: int | None) -> Any:
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    settings, labels = method(candidate).settings, questions().labels
    torch.manual_seed(SEED)
    tokenizer = AutoTokenizer.from_pretrained(weights("minilm"), trust_remote_code=False)
    model: Any = AutoModelForSequenceClassification.from_pretrained(
        weights("minilm"), trust_remote_code=False, num_labels=len(labels), id2label=dict(enumerate(labels))
    )
    if candidate.endswith("lora"):
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(
            model, LoraConfig(task_type="SEQ_CLS", r=settings.rank, lora_alpha=settings.alpha,
                              target_modules="all-linear"),
        )  # fmt: skip
    padding = {"padding": "max_length", "max_length": padded_to} if padded_to else {}
    rows = tokenizer([example.text for example in train], truncation=True, **padding)
    data = Dataset.from_dict({**rows, "labels": [labels.index(example.target) for example in train]})
    arguments = TrainingArguments(
        tempfile.mkdtemp(), num_train_epochs=epochs, per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate, seed=SEED, report_to=[], save_strategy="no", logging_strategy="no",
        disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    return Trainer(model, arguments, DataCollatorWithPadding(tokenizer), data, processing_class=tokenizer)


def _labels(trainer: Any, examples: list[Example]) -> list[str | None]:
    model, tokenizer, labels = trainer.model.eval(), trainer.processing_class, questions().labels
    found: list[str | None] = []
    with torch.inference_mode():
        for start in range(0, len(examples), PIPELINE_BATCH):
            part = [example.text for example in examples[start : start + PIPELINE_BATCH]]
            logits = model(**tokenizer(part, truncation=True, padding=True, return_tensors="pt")).logits
            found += [labels[place] for place in logits.argmax(1).tolist()]
    return found

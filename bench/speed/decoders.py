"""SmolLM2 fine-tuned with LoRA, beside TRL's SFTTrainer.

The peer gets the very tokens, adapters, batch size, learning rate and schedule of the project, with the loss on the
answer only, and its adapters are judged by the project's scoring of labels: only fitting is compared, from the weights
on disk to the adapters.
"""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from bench.speed.material import SEED, context, method, predicted, questions, right, weights
from bench.speed.timing import Contender, Outcome
from core.methods.adapters import WEIGHTS, adapter_tensors
from core.methods.generator import Taught
from core.tasks import Example, get_task

CANDIDATE = "smollm2-lora"
LEARNING_RATE = 1e-3
JUDGED = 500
PEERS: dict[str, dict[str, Any]] = {
    "TRL SFTTrainer, defaults": {},
    "TRL SFTTrainer, fp32, no checkpointing": {"bf16": False, "gradient_checkpointing": False},
}


def tuning(texts: int = 500) -> list[Contender]:
    """One epoch over the same texts."""
    train, test = questions().train[:texts], questions().test[:JUDGED]
    held: dict[str, Any] = {}

    def ours() -> Outcome:
        held["ours"] = method(CANDIDATE, epochs=1, patience=0, learning_rate=LEARNING_RATE)
        held["ours"].fit(train, [], context())
        return Outcome(texts)

    def judged() -> dict[str, float]:
        return {"right": right(predicted(held["ours"], test, context()), test)}

    def peer(name: str) -> Contender:
        def act() -> Outcome:
            held[name] = _trainer(train, held["ours"], PEERS[name])
            held[name].train()
            return Outcome(texts)

        return Contender(name, act, judge=lambda: {"right": right(_answers(held[name], held["ours"], test), test)})

    return [Contender("tradeoff", ours, judge=judged), *map(peer, PEERS)]


def _trainer(train: list[Example], ours: Any, options: dict[str, Any]) -> Any:
    """TRL's trainer with the settings and the adapters of ours, which was fitted before."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    logging.getLogger("transformers").setLevel(logging.ERROR)
    settings = ours.settings
    arguments = SFTConfig(
        tempfile.mkdtemp(), num_train_epochs=1, per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate, lr_scheduler_type="linear", warmup_steps=settings.warmup_share,
        weight_decay=settings.weight_decay, max_grad_norm=settings.max_grad_norm, seed=SEED, report_to=[],
        save_strategy="no", logging_strategy="no", disable_tqdm=True, use_cpu=True, **options,
    )  # fmt: skip
    torch.manual_seed(SEED)
    model = AutoModelForCausalLM.from_pretrained(weights("smollm2"), trust_remote_code=False, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(weights("smollm2"), trust_remote_code=False)
    data = Dataset.from_list(_rows(train))
    return SFTTrainer(
        model, arguments, train_dataset=data, processing_class=tokenizer, peft_config=ours.tuned.adapter_config
    )


def _rows(train: list[Example]) -> list[dict[str, list[int]]]:
    """Each prompt with its answer as tokens, as the project trains on them."""
    asked = method(CANDIDATE)
    asked.taught = [Taught("trec", get_task("single_label"), questions().labels)]
    asked._started(context())
    phrasing = asked.phrasings[0]
    prompts = [[*phrasing.shared, *question.ids] for question in phrasing.questions([one.text for one in train])]
    answers = phrasing.answers([one.text for one in train], [one.target for one in train])
    return [
        {"input_ids": [*prompt, *answer], "labels": [*[-100] * len(prompt), *answer]}
        for prompt, answer in zip(prompts, answers, strict=True)
    ]


def _answers(trainer: Any, ours: Any, test: list[Example]) -> list[str | None]:
    """What the project's scoring of labels answers with the peer's adapters."""
    folder = Path(tempfile.mkdtemp())
    try:
        ours.save(folder)
        save_file(adapter_tensors(trainer.model), folder / WEIGHTS)
        return predicted(type(ours).load(folder, context()), test, context())
    finally:
        shutil.rmtree(folder)

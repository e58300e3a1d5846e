"""How fast are large shapes fine-tuned here? `python bench/gpu.py llama-8b t5-3b [--texts 500] [--home FOLDER]`.

Makes models of the named shapes with random weights (nothing is downloaded, and their answers mean nothing), fine-tunes
them with QLoRA on the bundled questions as any run does, and prints tokens a second, peak memory and energy as the runs
recorded them. `tiny-llama` and `tiny-t5` try the same on a CPU.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder: its statistics.py would hide the one of Python

from core import format as f
from core.data.bundled import import_bundled
from core.home import Home
from core.launch import launch
from core.methods.models import prepare
from core.runs import RunFolder
from core.spec import Experiment
from core.watch import wait_for

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama-8b": ("llama", {"hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
                           "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128_256}),
    "t5-3b": ("t5", {"d_model": 2048, "d_kv": 64, "d_ff": 5120, "num_layers": 24, "num_heads": 32,
                     "vocab_size": 49_152, "feed_forward_proj": "gated-gelu"}),
    "tiny-llama": ("llama", {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
                             "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 49_152}),
    "tiny-t5": ("t5", {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4,
                       "vocab_size": 49_152, "feed_forward_proj": "gated-gelu"}),
}  # fmt: skip
"""Llama 3 8B and Flan-T5 XL (with the vocabulary of the tokenizer at hand), and the same in small."""


def make_model(home: Home, name: str, folder: Path) -> Path:
    """A model of a shape with random weights and SmolLM2's tokenizer, made once."""
    if (folder / "config.json").exists():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, LlamaConfig, T5Config

    prepare("smollm2", home.cache / "models")
    source = next(path.parent for path in (home.cache / "models").rglob("tokenizer.json"))
    tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    kind, shape = SHAPES[name]
    ids = {"pad_token_id": tokenizer.pad_token_id or 0, "eos_token_id": tokenizer.eos_token_id}
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        if kind == "llama":
            model = AutoModelForCausalLM.from_config(LlamaConfig(**shape, **ids), dtype=torch.bfloat16)
        else:
            start = {"decoder_start_token_id": ids["pad_token_id"]}
            model = AutoModelForSeq2SeqLM.from_config(T5Config(**shape, **ids, **start), dtype=torch.bfloat16)
    model.save_pretrained(folder, max_shard_size="4GB")
    tokenizer.save_pretrained(folder)
    return folder


def row(name: str, run: RunFolder) -> str:
    """A line of the table from what the run recorded."""
    fit, notes = run.usage["fit"], run.notes
    peak = fit.peak_gpu_bytes or fit.peak_ram_bytes
    return (
        f"| {name} | {fit.device_name} | {notes['precision']} | {notes['parameters_total'] / 1e9:.2f} | "
        f"{notes['tokens_seen']:,} | {f.number(notes['tokens_seen'] / fit.wall_seconds)} | {f.memory(peak)} | "
        f"{f.energy(fit.kwh)} ({fit.energy_provenance}) |"
    )


def main() -> None:
    """Fine-tune each named shape once."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("shape", nargs="+", choices=SHAPES)
    asked.add_argument("--texts", type=int, default=500)
    asked.add_argument("--home", type=Path, default=Path("build/gpu"))
    options = asked.parse_args()
    home = Home(options.home.resolve()).prepare()
    import_bundled(home, "trec")
    print("| shape | device | precision | weights, 10⁹ | tokens seen | tokens/s | peak memory | energy of the fit |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.shape:
        candidate = f"{make_model(home, name, home.root / name)}-qlora"
        settings = {candidate: {"epochs": 1, "patience": 0, "select_by": "loss"}}
        runs = launch(
            home,
            Experiment(dataset="trec", candidates=[candidate], train_sizes=[options.texts], settings=settings),
        )
        if wait_for(home, runs, quiet=True):
            print(row(name, runs[0]), flush=True)
        else:
            state = runs[0].state
            print(f"| {name} | failed: {state.reason if state else 'unknown'} |", flush=True)


if __name__ == "__main__":
    main()

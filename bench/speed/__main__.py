"""Print how fast the project is beside its peers: `python -m bench.speed [PART …] [--rounds 3] [--json OUT]`."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from bench.speed import asking, encoders
from bench.speed.timing import BUSY_LIMIT, Contender, Timing, agreement, in_turn

PARTS: dict[str, Callable[[], list[Contender]]] = {
    "labels scored, zero-shot": lambda: asking.scoring(0),
    "labels scored, 6 demonstrations": lambda: asking.scoring(6, texts=100),
    "labels scored, 6 similar demonstrations": lambda: asking.scoring(6, "similar", texts=100),
    "answers written, 6 demonstrations": lambda: asking.generation(6),
    "MiniLM fine-tuned": lambda: encoders.tuning("minilm-full"),
    "MiniLM fine-tuned with LoRA": lambda: encoders.tuning("minilm-lora"),
    "MiniLM fine-tuned, peer pads to 128": lambda: encoders.tuning("minilm-full", texts=320, epochs=1, padded_to=128),
    "MiniLM answers": encoders.answering,
}
"""What is compared: the project first, then its peers."""


def lines(part: str, timings: list[Timing]) -> list[str]:
    """A Markdown row a contender: rate with its range, ratio, quality, agreement, and how busy the machine was."""
    ours = timings[0]
    found = []
    for timing in timings:
        ratio = "" if timing is ours else f"{ours.rate / timing.rate:.2f}×"
        same = agreement(ours.outcome, timing.outcome) if timing is not ours else None
        quality = ", ".join(f"{name} {value:.3f}" for name, value in timing.outcome.quality.items())
        agreed = "" if same is None else f"{same:.1%}"
        busy = f"{timing.busy:.0%}" + (" (not quiet)" if timing.busy > BUSY_LIMIT else "")
        rates = f"{timing.rate:,.1f} ({min(timing.rates):,.1f}–{max(timing.rates):,.1f})"
        found.append(f"| {part} | {timing.name} | {rates} | {ratio} | {quality} | {agreed} | {busy} |")
    return found


def main() -> None:
    """Compare the chosen parts, all by default."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("part", nargs="*", help=f"a part of a name: {', '.join(PARTS)}")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--json", type=Path)
    options = asked.parse_args()
    chosen = [name for name in PARTS if not options.part or any(word in name for word in options.part)]
    print("| what | who | units/s, median (range) | ours is | quality | same answers | others' share of the cores |")
    print("|---|---|---|---|---|---|---|", flush=True)
    kept = {}
    for name in chosen:
        timings = in_turn(PARTS[name](), options.rounds)
        kept[name] = [{**asdict(timing), "rate": timing.rate} for timing in timings]
        print("\n".join(lines(name, timings)), flush=True)
    if options.json:
        about = {"at": time.strftime("%Y-%m-%d"), "machine": platform.machine(), "cores": os.cpu_count()}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**about, "parts": kept}, indent=1))


if __name__ == "__main__":
    main()

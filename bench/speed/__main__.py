"""Print how fast the project is beside its peers: `python -m bench.speed [PART …] [--rounds 3] [--json OUT]`."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from bench.speed import answering, asking, decoders, encoders, metering, pages, quick_runs
from bench.speed.keeping import HEAD, keep, lines
from bench.speed.timing import Contender, in_turn


@dataclass(frozen=True)
class Part:
    """A comparison: makes its contenders, the project first; `goals` are how many times as fast as each peer it is to
    be, in their order, where there is a goal."""

    make: Callable[[], list[Contender]]
    goals: tuple[float | None, ...] = ()


PARTS: dict[str, Part] = {
    "labels scored, zero-shot": Part(lambda: asking.scoring(0), (4,)),
    "labels of one token scored, zero-shot": Part(lambda: asking.scoring(0, words=asking.ONE_TOKEN), (4,)),
    "labels scored, 6 demonstrations": Part(lambda: asking.scoring(6, texts=100), (16,)),
    "labels scored, 6 similar demonstrations": Part(lambda: asking.scoring(6, "similar", texts=100), (4.5,)),
    "answers written, 6 demonstrations": Part(lambda: asking.generation(6), (5, 12)),
    "labels scored in eight bits": Part(lambda: asking.eight_bits("score"), (None, 1)),
    "answers written in eight bits": Part(lambda: asking.eight_bits("generate"), (None, 1)),
    "MiniLM fine-tuned": Part(lambda: encoders.tuning("minilm-full", texts=1000), (1.5,)),
    "MiniLM fine-tuned, peer pads to 128": Part(
        lambda: encoders.tuning("minilm-full", texts=320, epochs=1, padded_to=128), (9,)
    ),
    "MiniLM fine-tuned with LoRA": Part(lambda: encoders.tuning("minilm-lora", texts=1000), (1.5,)),
    "SmolLM2 fine-tuned with LoRA": Part(decoders.tuning, (5, 1.6)),
    "SmolLM2 with LoRA, 500 texts": Part(lambda: decoders.tuning(500, (decoders.TUNED,)), (1.6,)),
    "MiniLM answers": Part(answering.answering, (2.2,)),
    "MiniLM answers in bf16": Part(lambda: answering.answering("bf16")),
    "MiniLM answers in int8": Part(lambda: answering.answering("int8"), (4,)),
    "metered": Part(metering.metered, (0.99,)),
    "ten quick runs": Part(quick_runs.quick_runs),
    "questions of pages, 1,000 runs": Part(lambda: pages.asked(pages.QUESTIONS), (20,)),
    "hardest texts of 10 million answers": Part(lambda: pages.asked(("hardest",), 1), (20,)),
}


def main() -> None:
    """Compare the chosen parts, all by default."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("part", nargs="*", help=f"a part of a name: {', '.join(PARTS)}")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--json", type=Path, default=Path("build/speed.json"), help="where the figures are kept")
    options = asked.parse_args()
    chosen = [name for name in PARTS if not options.part or any(word in name for word in options.part)]
    print(HEAD, flush=True)
    for name in chosen:
        try:
            timings = in_turn(PARTS[name].make(), options.rounds)
        except ImportError as error:
            print(f"| {name} | left out: {error} |", flush=True)
            continue
        print("\n".join(lines(name, keep(options.json, name, timings, PARTS[name].goals))), flush=True)


if __name__ == "__main__":
    main()

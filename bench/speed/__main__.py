"""Print how fast the project is beside its peers: `python -m bench.speed [PART …] [--rounds 3] [--json OUT]`."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from bench.speed import answering, asking, decoders, encoders, metering, pages, quick_runs, starting
from bench.speed.keeping import HEAD, keep, table, told
from bench.speed.timing import Contender, in_turn


@dataclass(frozen=True)
class Part:
    """A comparison: makes its contenders, the project first; `goals` are how many times as fast as each peer it is to
    be, in their order, where there is a goal. Where one thing takes seconds, `most` is how many ours may take."""

    make: Callable[[], list[Contender]]
    goals: tuple[float | None, ...] = ()
    most: float | None = None


PARTS: dict[str, Part] = {
    "labels scored, zero-shot": Part(lambda: asking.scoring(0), (4,)),
    "labels of one token scored, zero-shot": Part(lambda: asking.scoring(0, few=128, words=asking.ONE_TOKEN), (4,)),
    "labels scored, 6 demonstrations": Part(lambda: asking.scoring(6, few=16), (16,)),
    "labels scored, 6 similar demonstrations": Part(lambda: asking.scoring(6, "similar", texts=100, few=16), (4.5,)),
    "answers written, 6 demonstrations": Part(lambda: asking.generation(6), (5, 12)),
    "labels scored in eight bits": Part(lambda: asking.eight_bits("score"), (None, 1)),
    "answers written in eight bits": Part(lambda: asking.eight_bits("generate"), (None, 1)),
    "MiniLM fine-tuned": Part(lambda: encoders.tuning("minilm-full", texts=1000), (1.5,)),
    "MiniLM fine-tuned, peer pads to 128": Part(
        lambda: encoders.tuning("minilm-full", texts=320, epochs=1, padded_to=128), (9,)
    ),
    "MiniLM fine-tuned with LoRA": Part(lambda: encoders.tuning("minilm-lora", texts=1000), (1.5,)),
    "SmolLM2 fine-tuned with LoRA": Part(decoders.tuning, (5, 1.6)),
    "MiniLM answers": Part(answering.answering, (2.2,)),
    "MiniLM answers in bf16": Part(lambda: answering.answering("bf16")),
    "MiniLM answers in int8": Part(lambda: answering.answering("int8"), (4,)),
    "metered": Part(metering.metered, (0.99,)),
    "ten quick runs": Part(quick_runs.quick_runs),
    "questions of pages, 1,000 runs": Part(lambda: pages.asked(pages.QUESTIONS), (20,)),
    "hardest texts of 10 million answers": Part(lambda: pages.asked(("hardest",), 1), (20,)),
    "first page, new data folder": Part(lambda: starting.opened(runs=False), most=3),
    "first page, 1,000 runs": Part(lambda: starting.opened(runs=True), most=3),
    "fresh clone to the table (make demo)": Part(starting.first_table, most=240),
}


def main() -> None:
    """Compare the chosen parts, all by default, each in a process of its own."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("part", nargs="*", help=f"a part of a name: {', '.join(PARTS)}")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--json", type=Path, default=Path("build/speed.json"), help="where the figures are kept")
    asked.add_argument("--told", action="store_true", help="only print the table of what is kept")
    asked.add_argument("--here", help=argparse.SUPPRESS)
    options = asked.parse_args()
    exact = [name for name in PARTS if name in options.part]
    chosen = exact or [name for name in PARTS if not options.part or any(word in name for word in options.part)]
    if options.told:
        print(table(options.json, chosen))
    elif options.here:
        compare(options.here, options.rounds, options.json)
    else:
        print(HEAD, flush=True)
        for name in chosen:
            again = [sys.executable, "-m", "bench.speed", "--here", name, "--rounds", str(options.rounds)]
            subprocess.run([*again, "--json", str(options.json)], check=False)
            print("\n".join(told(options.json, name)), flush=True)


def compare(name: str, rounds: int, path: Path) -> None:
    """Time one part and keep its figures."""
    try:
        timings = in_turn(PARTS[name].make(), rounds)
    except ImportError as error:
        sys.exit(f"{name} is left out: {error}")
    keep(path, name, timings, PARTS[name].goals, PARTS[name].most)


if __name__ == "__main__":
    main()

"""The processes that fine-tune one model together: started, listened to and ended by the process of the run.

A child ends when its parent does, however that ends. One that dies takes the training with it: the others would wait
for it for ever.
"""

import multiprocessing
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from core.errors import TradeoffError
from core.methods.base import Cancelled, Context, Part
from core.tasks import get_task

LISTEN_SECONDS = 0.2
LAST_WORDS_SECONDS = 2.0
"""How long the others may still tell why they failed, once one has: the cause seldom comes first."""
LONGEST_WAIT = timedelta(hours=6)
"""Of one process for another: while the first one reads a large model or writes a checkpoint."""


@dataclass(frozen=True)
class Job:
    """What a child needs to know to take part."""

    method: str
    settings: dict[str, Any]
    model: str
    parts: list[tuple[str, str, list[str], list[Any], list[Any]]]
    dataset: str
    task: str
    labels: list[str]
    device: str
    seed: int
    models: Path
    checkpoints: Path | None
    folder: Path
    processes: int


def fit_together(job: Job, context: Context) -> dict[str, Any]:
    """Run the job's processes to their end; the run's notes that they made.

    Raises:
        Cancelled: the run is to stop; a checkpoint was written.
        TradeoffError: a process failed or was killed.
    """
    spawn = multiprocessing.get_context("spawn")
    crew: list[tuple[Any, Connection]] = []
    try:
        for rank in range(job.processes):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=work, args=(job, rank, theirs), name=f"fit-{rank}", daemon=True)
            process.start()
            theirs.close()
            crew.append((process, ours))
        return _listen(crew, context)
    finally:
        for process, ours in crew:
            process.kill()
            process.join()
            ours.close()


def _listen(crew: list[tuple[Any, Connection]], context: Context) -> dict[str, Any]:
    """Pass on what the processes tell, and the wish to stop; the notes once all have ended well."""
    ends: dict[int, tuple[str, Any]] = {}
    asked, deadline = False, float("inf")
    while len(ends) < len(crew) and time.monotonic() < deadline:
        if not asked and context.should_stop():
            asked = True
            for _, ours in crew:
                with suppress(OSError):
                    ours.send("stop")
        open_ends = [ours for rank, (_, ours) in enumerate(crew) if rank not in ends]
        for ready in wait(open_ends, LISTEN_SECONDS):
            rank = next(i for i, (_, ours) in enumerate(crew) if ours is ready)
            kind, content = _heard(*crew[rank])
            if kind == "event":
                context.report(content)
            else:
                ends[rank] = (kind, content)
        if any(kind in ("error", "failed", "died") for kind, _ in ends.values()):
            deadline = min(deadline, time.monotonic() + LAST_WORDS_SECONDS)
    return _outcome(ends, len(crew))


def _heard(process: Any, ours: Connection) -> tuple[str, Any]:
    try:
        kind, content = ours.recv()
        return kind, content
    except (EOFError, OSError):
        process.join(LAST_WORDS_SECONDS)
        return "died", process.exitcode


def _outcome(ends: dict[int, tuple[str, Any]], count: int) -> dict[str, Any]:
    by_kind = {kind: (rank, content) for rank, (kind, content) in sorted(ends.items(), reverse=True)}
    if "error" in by_kind:
        raise TradeoffError(*by_kind["error"][1])
    if "died" in by_kind:
        rank, code = by_kind["died"]
        how = f"was killed (signal {-code})" if code is not None and code < 0 else f"ended with status {code}"
        raise TradeoffError(
            f"Process {rank + 1} of {count} that share the model {how}",
            remedy="When memory ran out, lower train_tokens or use more GPUs; retry goes on from the last checkpoint.",
        )
    if "failed" in by_kind:
        rank, why = by_kind["failed"]
        raise TradeoffError(
            f"Process {rank + 1} of {count} that share the model failed: {why}",
            remedy="The log of the run tells where it happened; retry resumes the run.",
        )
    if "stopped" in by_kind:
        raise Cancelled
    notes: dict[str, Any] = ends[0][1]
    return notes


def work(job: Job, rank: int, pipe: Connection) -> None:
    """A child's whole life."""
    stopping = threading.Event()
    threading.Thread(target=_obey, args=(pipe, stopping), daemon=True).start()
    try:
        pipe.send(("done", _fit(job, rank, pipe, stopping)))
    except Cancelled:
        pipe.send(("stopped", None))
    except TradeoffError as error:
        pipe.send(("error", (error.what, error.where, error.remedy)))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        told = str(error).strip().splitlines()
        pipe.send(("failed", f"{type(error).__name__}: {told[0] if told else 'no message'}"[:400]))


def _obey(pipe: Connection, stopping: threading.Event) -> None:
    """Wait for the wish to stop; a parent that is gone ends this process at once."""
    try:
        while pipe.recv() == "stop":
            stopping.set()
    except (EOFError, OSError):
        os._exit(1)


def _fit(job: Job, rank: int, pipe: Connection, stopping: threading.Event) -> dict[str, Any]:
    import torch
    import torch.distributed as dist

    from core.methods import checked_settings, method_class
    from core.methods.sharded import fit_shared
    from core.methods.sharding import Group

    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    on_gpu = job.device == "cuda"
    if on_gpu:
        torch.cuda.set_device(rank)
    elif not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(max(1, torch.get_num_threads() // job.processes))
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpu else "gloo", init_method=(job.folder.parent / "meeting").as_uri(), rank=rank,
        world_size=job.processes, timeout=LONGEST_WAIT,
    )  # fmt: skip
    group = Group(rank, job.processes)
    context = Context(
        get_task(job.task), job.labels, job.device, job.seed, job.models, job.checkpoints,
        report=(lambda event: pipe.send(("event", event))) if group.first else (lambda _: None),
        should_stop=lambda: group.any(stopping.is_set()), dataset=job.dataset,
    )  # fmt: skip
    parts = [
        Part(name, get_task(task), labels, train, validation) for name, task, labels, train, validation in job.parts
    ]
    settings: Any = checked_settings(job.method, job.settings, job.method)
    fit_shared(method_class(job.method)(settings, job.model), parts, context, group, job.folder)  # type: ignore[arg-type]
    if on_gpu:
        peak = torch.tensor([torch.cuda.max_memory_reserved()])
        dist.all_reduce(peak, op=dist.ReduceOp.MAX)
        context.notes["peak_gpu_bytes_a_process"] = int(peak.item())
    group.any(False)  # nobody leaves before the first process has written
    dist.destroy_process_group()
    return context.notes

"""Weights that several processes share: FSDP by torch's `fully_shard`, each process keeping a part of every tensor.

A block's weights are whole only while it computes. Every process must do the same passes in the same order, since
each pass gathers what the others keep.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Group:
    """The processes of one training, numbered from 0; the first one writes and reports."""

    rank: int
    count: int

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def agreed(self, value: Any) -> Any:
        """The first process's value, in every process."""
        box = [value if self.first else None]
        dist.broadcast_object_list(box, src=0, device=torch.device("cpu"))
        return box[0]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        box = torch.tensor([int(flag)])
        dist.all_reduce(box, op=dist.ReduceOp.MAX)
        return bool(box.item())

    def total(self, value: float) -> float:
        """The sum over all processes, the same to the last bit in each."""
        boxes = [torch.zeros(1, dtype=torch.float64) for _ in range(self.count)]
        dist.all_gather(boxes, torch.tensor([value], dtype=torch.float64))
        return sum(box.item() for box in boxes)


def shard(network: Any, group: Group, device: torch.device, computes_in: torch.dtype | None = None) -> None:
    """Spread the first process's weights over all of them, block after block, in place.

    The other processes may hold empty (meta) tensors. Weights of four bits are expected alike in all of them.

    Args:
        network: a transformers model; its transformer blocks are the units that are gathered together.
        group: the processes.
        device: where this process computes.
        computes_in: the type that weights are gathered in; None keeps their own.
    """
    names = [name for name, _ in network.named_parameters()]
    if group.agreed(names) != names:
        raise RuntimeError("the processes do not hold the same model")
    mesh = init_device_mesh(device.type, (group.count,))
    policy = MixedPrecisionPolicy(param_dtype=computes_in, reduce_dtype=torch.float32 if computes_in else None)
    for unit in [*_blocks(network), network]:
        _arrive(unit, group, device)
        # The root too gives its weights up after a pass: they may be replaced before the next one.
        fully_shard(unit, mesh=mesh, mp_policy=policy, reshard_after_forward=True)


def gathered(named: Tensors, group: Group) -> Tensors:
    """Whole tensors on the CPU in the first process, nothing in the others. One tensor is whole at a time."""
    found = {}
    for name, value in named.items():
        whole = value.full_tensor() if isinstance(value, DTensor) else value
        if group.first:
            found[name] = whole.detach().cpu().contiguous()
    return found


def scatter(whole: Tensors, targets: Tensors, group: Group) -> None:
    """The inverse of `gathered`: copy the first process's whole tensors into the shared ones, in place."""
    with torch.no_grad():
        for name, target in targets.items():
            value = sent(whole.get(name), target.shape, target.dtype, target.device, group)
            target.copy_(spread(value, target) if isinstance(target, DTensor) else value)


def sent(
    value: torch.Tensor | None, shape: torch.Size, kind: torch.dtype, device: torch.device, group: Group
) -> torch.Tensor:
    """The first process's tensor, in every process."""
    if group.first:
        assert value is not None
        box = value.detach().to(device, kind).contiguous()
    else:
        box = torch.empty(shape, dtype=kind, device=device)
    dist.broadcast(box, src=0)
    return box


def spread(whole: torch.Tensor, like: DTensor) -> DTensor:
    """This process's part of a tensor that every process holds."""
    mesh: DeviceMesh = like.device_mesh
    return distribute_tensor(whole, mesh, like.placements, src_data_rank=None)


def _blocks(network: Any) -> list[torch.nn.Module]:
    kinds = set(network._no_split_modules or ())
    return [module for module in network.modules() if type(module).__name__ in kinds]


def _arrive(unit: torch.nn.Module, group: Group, device: torch.device) -> None:
    """Bring the first process's tensors of a unit to every process's device; tied ones stay tied."""
    places = list(_places(unit))
    told = group.agreed([(value.shape, value.dtype) for _, _, value in places])
    known: dict[int, torch.Tensor] = {}
    for (held, name, value), (shape, kind) in zip(places, told, strict=True):
        if id(value) not in known:
            box = sent(value, shape, kind, device, group)
            learns = isinstance(value, torch.nn.Parameter)
            known[id(value)] = torch.nn.Parameter(box, requires_grad=value.requires_grad) if learns else box
        held[name] = known[id(value)]


def _places(unit: torch.nn.Module) -> Iterator[tuple[dict[str, Any], str, torch.Tensor]]:
    """Where the tensors of a unit are kept, but for those that are shared already or of four bits."""
    for module in unit.modules():
        for held in (module._parameters, module._buffers):
            for name, value in held.items():
                if value is not None and not isinstance(value, DTensor) and not hasattr(value, "quant_state"):
                    yield held, name, value

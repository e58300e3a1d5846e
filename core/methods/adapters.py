"""Low-rank adapters on all linear layers of a model: LoRA, DoRA, rsLoRA and LoRA+; saved as PEFT's own files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers.pytorch_utils import Conv1D

from core import files
from core.errors import TradeoffError
from core.methods.models import loading
from core.methods.settings.adapters import AdapterSettings

WEIGHTS = "adapter_model.safetensors"

Tensors = dict[str, torch.Tensor]


def linear_layers(model: torch.nn.Module, outside: Sequence[str] = ()) -> list[str]:
    """The names of all linear layers (also quantised ones), but for those in the modules named in `outside`."""
    inside = tuple(f"{name}." for name in outside)
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, (torch.nn.Linear, Conv1D))
        and name not in outside
        and not name.startswith(inside)
        and not _in_fused_attention(model, name)
    ]


def lora_config(
    model: torch.nn.Module, settings: AdapterSettings, task_type: str, heads: Sequence[str] = (),
    frozen: Sequence[str] = (), base: str = "",
) -> Any:  # fmt: skip
    """PEFT's `LoraConfig` for every linear layer of `model`, each named, so that no model needs default targets.

    Args:
        model: the model before it is wrapped.
        settings: rank, scale, dropout, DoRA and rsLoRA.
        task_type: PEFT's: SEQ_CLS, TOKEN_CLS, CAUSAL_LM, SEQ_2_SEQ_LM or FEATURE_EXTRACTION.
        heads: modules trained and saved as they are, without adapters (a new classification head).
        frozen: modules that are neither adapted nor trained (`lm_head`).
        base: the model's name, kept in the file.

    Raises:
        TradeoffError: the model has no linear layers.
    """
    from peft import LoraConfig

    targets = linear_layers(model, [*heads, *frozen])
    if not targets:
        raise TradeoffError(f"{base or 'The model'} has no linear layers to adapt", remedy="Fine-tune all its weights.")
    return LoraConfig(
        task_type=task_type, r=settings.rank, lora_alpha=settings.alpha, lora_dropout=settings.lora_dropout,
        use_dora=settings.dora, use_rslora=settings.rslora, target_modules=targets,
        modules_to_save=sorted(heads) or None, base_model_name_or_path=base or None,
    )  # fmt: skip


def adapter_factor(parameter: str, settings: Any) -> float:
    """How many times faster than the rest the parameter of that name learns: LoRA+ (Hayou et al. 2024) speeds up B.

    `settings` may be any record; without `lora_plus_ratio` everything learns alike.
    """
    in_b = ".lora_B." in parameter or ".lora_embedding_B." in parameter
    return float(getattr(settings, "lora_plus_ratio", 1.0)) if in_b else 1.0


def wrap(model: torch.nn.Module, config: Any) -> Any:
    """`model` with new adapters: only they and the configuration's heads require gradients."""
    from peft import get_peft_model

    return get_peft_model(model, config)  # type: ignore[arg-type]


def adapter_tensors(model: Any) -> Tensors:
    """The trained part of a wrapped model on the CPU, by the names PEFT gives it in its file."""
    from peft import get_peft_model_state_dict

    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}


def save_adapter(folder: Path, config: Any, tensors: Tensors) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors` as PEFT reads them; not the model."""
    config.save_pretrained(folder)
    files.write_through(folder / WEIGHTS, lambda part: save_file(tensors, part))


def load_adapter(model: torch.nn.Module, folder: Path) -> tuple[Any, Any, Tensors]:
    """The inverse of `save_adapter`: `model` wrapped with the saved adapters, their configuration and tensors.

    Raises:
        TradeoffError: the files are absent or damaged, or do not fit the model.
    """
    from peft import LoraConfig, set_peft_model_state_dict

    with loading(f"saved in {folder}"):
        config = LoraConfig.from_pretrained(str(folder))
        wrapped = wrap(model, config)
        tensors = load_file(folder / WEIGHTS)
        set_peft_model_state_dict(wrapped, tensors)
    return wrapped, config, tensors


def merged(model: Any) -> Any:
    """The model with its adapters added into the weights: it then costs what the plain model costs."""
    return model.merge_and_unload().eval()


def _in_fused_attention(model: torch.nn.Module, name: str) -> bool:
    """PyTorch's own attention reads its layers' weights directly and would pass adapters by."""
    parent = model.get_submodule(name.rpartition(".")[0])
    return isinstance(parent, torch.nn.MultiheadAttention)

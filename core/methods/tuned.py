"""A language model that is fine-tuned: all weights, low-rank adapters, or adapters on weights of four bits."""

import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from core.errors import TradeoffError
from core.methods import adapters
from core.methods.base import Context
from core.methods.device import Arithmetic, arithmetic, cpu_has_bf16
from core.methods.models import local_path
from core.methods.onednn import freeze_linear_layers, pack_linear_layers, unpack_linear_layers
from core.methods.pretrained import load_model
from core.methods.quantised import keep_layout, quantisation_config
from core.methods.settings import AdapterSettings, GeneratorSettings, QuantisedSettings

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class TunedModel:
    """The network, its tokenizer, and what training adds to them.

    Attributes:
        network: the model without PEFT's wrapping; adapters that are not merged act inside it.
        trained: what the training loop takes: the wrapped model where there are adapters, else the network.
        adapter: the trained adapters' tensors by PEFT's names, empty where all weights are trained.
    """

    def __init__(self, kind: Any, task_type: str, name: str, settings: GeneratorSettings) -> None:
        self.kind, self.task_type, self.name, self.settings = kind, task_type, name, settings
        self.adapts = isinstance(settings, AdapterSettings)
        self.quantised = isinstance(settings, QuantisedSettings)
        self.network: Any = None
        self.trained: Any = None
        self.tokenizer: Any = None
        self.arithmetic: Arithmetic | None = None
        self.adapter: adapters.Tensors = {}
        self.adapter_config: Any = None
        self._packed = False

    def start(self, context: Context, folder: Path | None = None) -> None:
        """Load network and tokenizer, by name or from a folder.

        Raises:
            TradeoffError: they cannot be found, fetched or read, or a package for four bits is absent.
        """
        precision = self.settings.precision
        # In bf16 a small model on a CPU is slower than in fp32, and an answer can hang on the batch it is in.
        self.arithmetic = arithmetic(
            context.device, "fp32" if context.device == "cpu" and precision == "auto" else precision
        )
        # It warns that a faster kernel for a CPU could be downloaded, whenever PEFT imports it.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        self.network = self._load(context, folder)
        _check_writes(self.network.config, self.name)
        # PEFT would keep the folder's path in place of the name.
        self.network.name_or_path = self.name
        keep_layout(self.network)
        self.tokenizer = AutoTokenizer.from_pretrained(
            str(folder) if folder else local_path(self.name, context.models), trust_remote_code=False
        )
        self.trained = self.network

    def autocast(self) -> AbstractContextManager[object]:
        """The context to run the network in."""
        assert self.arithmetic is not None
        return self.arithmetic.autocast()

    def prepare(self) -> None:
        """Make ready for training: which parameters learn, and what is kept for the backward pass."""
        if self.quantised:
            from peft import prepare_model_for_kbit_training

            prepare_model_for_kbit_training(self.network, use_gradient_checkpointing=False)
        if self.settings.gradient_checkpointing:
            self.network.activation_checkpointing_enable({"use_reentrant": False})
            self.network.enable_input_require_grads()
        if self.adapts:
            assert isinstance(self.settings, AdapterSettings)
            heads = [name for name, _ in self.network.named_modules() if name == "lm_head"]
            self.adapter_config = adapters.lora_config(
                self.network, self.settings, self.task_type, frozen=heads, base=self.name
            )
            self._wrap(adapters.wrap(self.network, self.adapter_config))

    @property
    def freezes(self) -> bool:
        """Whether layers beside adapters are laid out for fast steps: on a CPU in fp32; DoRA needs them plain."""
        return self.adapts and self._plain_on_cpu() and not getattr(self.settings, "dora", False)

    @property
    def frozen_in_bf16(self) -> bool:
        """Whether their products are computed in bf16, where the CPU can and nothing else was asked for."""
        return self.freezes and self.settings.precision == "auto" and cpu_has_bf16()

    def freeze(self) -> None:
        """Lay out the layers beside adapters, until `finish`."""
        if self.freezes:
            from core.methods.low_rank import quicken

            kind = torch.bfloat16 if self.frozen_in_bf16 else torch.float32
            self._packed = freeze_linear_layers(self.network, kind) > 0
            quicken(self.network)

    def finish(self) -> None:
        """After training: keep the adapters, and make the network ready to answer."""
        if self.settings.gradient_checkpointing:
            self.network.activation_checkpointing_disable()
        self._unpack()
        if self.adapts:
            self.adapter = adapters.adapter_tensors(self.trained)
        self._settle()

    def save(self, folder: Path) -> None:
        """Write the adapters alone, or the whole network where all its weights were trained, and the tokenizer."""
        if self.adapts:
            adapters.save_adapter(folder, self.adapter_config, self.adapter)
        else:
            self._unpack()
            self.network.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def restore(self, folder: Path, context: Context) -> None:
        """Read what `save` wrote.

        Raises:
            TradeoffError: the files, or the model under the adapters, cannot be read.
        """
        self.start(context, None if self.adapts else folder)
        if self.adapts:
            wrapped, self.adapter_config, self.adapter = adapters.load_adapter(self.network, folder)
            self._wrap(wrapped)
        self._settle()

    def pack(self) -> None:
        """On a CPU in fp32: weights laid out for fast answers. They can still be saved, but not trained."""
        if not self._packed and self._plain_on_cpu():
            pack_linear_layers(self.network)
            self._packed = True

    def _load(self, context: Context, folder: Path | None) -> Any:
        """The network, on the devices that it will compute on."""
        assert self.arithmetic is not None
        options, device = self._kinds(), self.arithmetic.device
        if self.quantised:
            options["device_map"] = {"": device.index or device.type}
        if self.settings.spread and context.device == "cuda":
            options["device_map"] = "auto"
        network, _ = load_model(self.kind, self.name, context, folder, **options)
        return network if "device_map" in options else network.to(device)

    def _kinds(self) -> dict[str, Any]:
        """What `from_pretrained` is told of the types that weights are kept in."""
        assert self.arithmetic is not None
        options: dict[str, Any] = {}
        if isinstance(self.settings, QuantisedSettings):
            options["quantization_config"] = quantisation_config(self.settings, self.arithmetic)
        if self.adapts:
            options["dtype"] = KINDS[self.arithmetic.precision]
        return options

    def _plain_on_cpu(self) -> bool:
        exact = self.arithmetic is not None and self.arithmetic.precision == "fp32"
        return exact and not self.quantised and self.network.device.type == "cpu"

    def _unpack(self) -> None:
        if self._packed:
            if self.adapts:
                from core.methods.low_rank import slow_down

                slow_down(self.network)
            unpack_linear_layers(self.network)
            self._packed = False

    def _wrap(self, wrapped: Any) -> None:
        self.trained, self.network = wrapped, wrapped.get_base_model()

    def _settle(self) -> None:
        """Adapters are added into the weights, except into weights of four bits, where they would be rounded away."""
        if self.adapts and not self.quantised:
            self.network = self.trained = adapters.merged(self.trained)
        elif self.arithmetic and self.arithmetic.device.type == "cuda" and not self.quantised:
            self.network.to(KINDS[self.arithmetic.precision])
        self.network.eval()


def _check_writes(config: Any, name: str) -> None:
    """Raises TradeoffError for an encoder: it would load with a new, random head and read its own answers."""
    kinds = config.architectures or []
    if kinds and not any(sign in kind for kind in kinds for sign in ("CausalLM", "LMHead", "ConditionalGeneration")):
        raise TradeoffError(
            f"The model {name} does not write text ({kinds[0]})",
            remedy="Fine-tune it with encoder-full or encoder-lora, or choose a text-generation model such as smollm2.",
        )

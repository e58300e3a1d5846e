"""Settings of low-rank adapters, shared by every method that trains them."""

from pydantic import Field

from core.methods.settings.base import Settings


class AdapterSettings(Settings):
    """Low-rank adapters on every linear layer (LoRA, Hu et al. 2021) and its kin; a mixin for a method's settings."""

    rank: int = Field(16, ge=1, le=512, description="Rank of the adapters (LoRA r): more can learn more")
    alpha: int = Field(32, ge=1, le=1024, description="Scale of the adapters (LoRA alpha)")
    lora_dropout: float = Field(0.05, ge=0, le=0.9, description="Dropout inside the adapters")
    dora: bool = Field(
        False,
        description="Learn the length of each weight vector apart from its direction (DoRA): slower, often better",
    )
    rslora: bool = Field(
        False, description="Scale by alpha / √rank in place of alpha / rank (rsLoRA), which suits high ranks"
    )
    lora_plus_ratio: float = Field(
        1.0, ge=1, le=64, description="The adapters' B matrices learn this many times faster (LoRA+); 1 is plain LoRA"
    )

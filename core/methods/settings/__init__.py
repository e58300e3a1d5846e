"""The settings of every method: bounds, default and help of each field.

Forms, flags and docs are drawn from these records, so a field's description is what a user reads.
"""

from core.methods.settings.adapters import AdapterSettings
from core.methods.settings.api import ApiPromptSettings
from core.methods.settings.base import Settings
from core.methods.settings.cascade import CascadeSettings
from core.methods.settings.encoder import EncoderLoraSettings, EncoderSettings
from core.methods.settings.generator import (
    DecoderLoraSettings,
    DecoderQloraSettings,
    DecoderSettings,
    GeneratorSettings,
    QuantisedSettings,
    Seq2SeqLoraSettings,
    Seq2SeqQloraSettings,
    Seq2SeqSettings,
)
from core.methods.settings.linear import EmbeddingLinearSettings, LinearSettings, MajoritySettings, TfidfLinearSettings
from core.methods.settings.prompt import PromptSettings
from core.methods.settings.setfit import SetFitSettings
from core.methods.settings.training import TrainingSettings
from core.methods.settings.zero_shot import GliclassSettings, GlinerSettings

__all__ = [
    "AdapterSettings",
    "ApiPromptSettings",
    "CascadeSettings",
    "DecoderLoraSettings",
    "DecoderQloraSettings",
    "DecoderSettings",
    "EmbeddingLinearSettings",
    "EncoderLoraSettings",
    "EncoderSettings",
    "GeneratorSettings",
    "GliclassSettings",
    "GlinerSettings",
    "LinearSettings",
    "MajoritySettings",
    "PromptSettings",
    "QuantisedSettings",
    "Seq2SeqLoraSettings",
    "Seq2SeqQloraSettings",
    "Seq2SeqSettings",
    "SetFitSettings",
    "Settings",
    "TfidfLinearSettings",
    "TrainingSettings",
]  # fmt: skip

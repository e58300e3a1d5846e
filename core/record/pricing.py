"""Prices as they were used: noted while costs are computed, and used again when a record is checked."""

from collections.abc import Sequence

from pydantic import PrivateAttr

from core.metering.prices import DevicePrice, PriceBook, TokenPrice
from core.preferences import Preferences
from core.record.parts import PricePart

Key = tuple[str, str, str]
API = "api"


class NotedBook(PriceBook):
    """A price book that notes which rows were asked for."""

    _asked: dict[Key, PricePart] = PrivateAttr(default_factory=dict)

    @classmethod
    def under(cls, preferences: Preferences) -> "NotedBook":
        """The book of the user's prices."""
        book = PriceBook.of(preferences)
        return cls(devices=book.devices, tokens=book.tokens, batch=book.batch)

    def device(self, kind: str, name: str) -> DevicePrice | None:
        """The row for a device."""
        row = super().device(kind, name)
        self._asked[kind, name, ""] = PricePart(device=kind, device_name=name, row=row)
        return row

    def token(self, model: str, host: str = "") -> TokenPrice | None:
        """The row for a model."""
        row = super().token(model, host)
        share = self.batch.get(host)
        self._asked[API, host, model] = PricePart(device=API, device_name=host, model=model, row=row, batch_share=share)
        return row

    @property
    def asked(self) -> tuple[PricePart, ...]:
        """The rows that were asked for, by device and model."""
        return tuple(self._asked[key] for key in sorted(self._asked))


class RecordedBook(PriceBook):
    """The price rows of a record, whatever the prices are now."""

    _rows: dict[Key, PricePart] = PrivateAttr(default_factory=dict)

    @classmethod
    def of_parts(cls, prices: Sequence[PricePart]) -> "RecordedBook":
        """The book of a record's prices."""
        made = cls(batch={one.device_name: one.batch_share for one in prices if one.batch_share is not None})
        made._rows.update({(one.device, one.device_name, one.model or ""): one for one in prices})
        return made

    def device(self, kind: str, name: str) -> DevicePrice | None:
        """The row for a device, as recorded."""
        found = self._rows.get((kind, name, ""))
        return found.row if found and isinstance(found.row, DevicePrice) else None

    def token(self, model: str, host: str = "") -> TokenPrice | None:
        """The row for a model, as recorded."""
        found = self._rows.get((API, host, model))
        return found.row if found and isinstance(found.row, TokenPrice) else None

"""Texts that belong together, such as the sentences of a document: read off their ids, `document#sentence`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.analysis.resampling import Groups

MARK = "#"


def clusters_of(ids: Sequence[str] | NDArray[np.str_]) -> Groups | None:
    """The number of the document that each text is from; None unless all ids name one and some share it.

    What stands before the last `#` of an id is its document.
    """
    if not len(ids) or MARK not in str(ids[0]):
        return None
    found = [str(id).rpartition(MARK) for id in ids]
    if not all(mark for _, mark, _ in found):
        return None
    documents, places = np.unique([document for document, _, _ in found], return_inverse=True)
    return places.reshape(-1).astype(np.int64) if 1 < len(documents) < len(found) else None

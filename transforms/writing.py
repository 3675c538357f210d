# SPDX-License-Identifier: Apache-2.0
"""Writing that a killed run cannot leave half-done."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import NibabelWriter, PILWriter

from ..atomic import cannot_write, unfinished_name

__all__ = ["AtomicNibabelWriter", "AtomicPILWriter", "OutputNames"]


class _Atomic:
    """The file appears whole under its name or not at all, and names where it should have gone when it cannot."""

    def write(self, filename: str | os.PathLike, verbose: bool = False, **kwargs: Any) -> None:
        target = Path(filename)
        # beside the target, so that the rename stays within one file system
        unfinished = unfinished_name(target)
        try:
            super().write(unfinished, verbose=verbose, **kwargs)  # type: ignore[misc]
            with open(unfinished, "rb") as stream:
                os.fsync(stream.fileno())
            os.replace(unfinished, target)
        except OSError as error:
            raise cannot_write(target, error) from error
        finally:
            unfinished.unlink(missing_ok=True)

    def set_data_array(self, data_array, channel_dim: int | None = 0, squeeze_end_dims: bool = True, **kwargs) -> None:
        # MONAI's own would squeeze a side of one pixel away together with the channel
        super().set_data_array(data_array, channel_dim, squeeze_end_dims=False, **kwargs)  # type: ignore[misc]
        while squeeze_end_dims and self.data_obj.ndim > 2 and self.data_obj.shape[-1] == 1:
            self.data_obj = self.data_obj[..., 0]


class AtomicPILWriter(_Atomic, PILWriter):
    """MONAI's PIL writer, for ``SaveImaged(output_ext=".png", writer=AtomicPILWriter)``."""


class AtomicNibabelWriter(_Atomic, NibabelWriter):
    """MONAI's NIfTI writer, for ``SaveImaged(output_ext=".nii.gz", writer=AtomicNibabelWriter)``.

    A photograph has no place in a patient: viewers put its first pixel at the origin, columns towards the patient's
    left and rows towards the back. The mask goes there too, so that 3D Slicer shows it on the photograph.
    """

    def set_metadata(self, meta_dict: Mapping | None = None, resample: bool = True, **options: Any) -> None:
        # MONAI's own would resample, for which a side of one pixel is too short
        self.affine = np.diag([-1.0, -1.0, 1.0, 1.0])  # NIfTI counts towards the right and the front


class OutputNames:
    """Names for what is written about each image: its path below ``root`` without the suffix.

    Where two images of one folder share a stem (``a.jpg`` and ``a.png``), or one's stem is the other's name (``a.png``
    and ``a.png.jpg``), the suffix stays in the name. Where ``root`` is no folder that holds all images (a
    datalist.json, several roots), names start at the deepest folder that does: no two images ever share a name. An
    instance is a ``SaveImaged(output_name_formatter=...)``.
    """

    def __init__(self, images: Sequence[str], root: str | os.PathLike | Sequence[str] | None = None) -> None:
        paths = [Path(os.path.abspath(image)) for image in images]
        base = Path(os.path.abspath(root)) if isinstance(root, (str, os.PathLike)) else None
        if base is None or not all(path.is_relative_to(base) for path in paths):
            base = Path(os.path.commonpath([path.parent for path in paths] or [os.getcwd()]))
        taken = Counter([*(path.with_suffix("") for path in paths), *paths])
        self._names: dict[str, str] = {}
        for image, path in zip(images, paths):
            name = path.with_suffix("") if taken[path.with_suffix("")] == 1 else path
            self._names[str(image)] = name.relative_to(base).as_posix()

    def __getitem__(self, image: str) -> str:
        """Name of the outputs of ``image``, relative to the output folder, without postfix."""
        return self._names[str(image)]

    def __call__(self, metadict: dict, saver: object) -> dict:
        # SaveImaged strips one suffix of the subject: give it one to strip
        return {"subject": f"{self[metadict['filename_or_obj']]}.image", "idx": None}

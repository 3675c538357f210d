# SPDX-License-Identifier: Apache-2.0
"""Photographs that come as DICOM. Importing this module teaches ``PIL.Image.open`` the format.

Whatever reads images here does so with Pillow (MONAI's ``PILReader``, the checks, overlays, ``predict``), so that one
opener serves all. It needs the extra ``dicom``; without it such a file is refused like a broken one, and nothing else.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFile

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["SUFFIXES", "DicomError", "DicomImageFile", "is_dicom", "millimetres_per_pixel", "read_dataset"]

SUFFIXES = (".dcm", ".dicom")

_PHOTOGRAPHS = {
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.2",  # the same as "multi-frame" objects, of which one frame is read
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
    "1.2.840.10008.5.1.4.1.1.77.1.4",  # VL Photographic
    "1.2.840.10008.5.1.4.1.1.77.1.7",  # Dermoscopic Photography
}
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "PALETTE COLOR")
_SCALE = "millimetres_per_pixel"


class DicomError(OSError):
    """Why a DICOM file is no photograph that can be read; without its path and without a word of the patient."""


class DicomImageFile(ImageFile.ImageFile):
    """An object of one frame as an 8-bit ``L`` or ``RGB`` image; ``info`` holds nothing but its scale."""

    format = "DICOM"
    format_description = "DICOM photograph"

    def _open(self) -> None:
        if not _has_prefix(self.fp):
            raise SyntaxError("not a DICOM file")  # Pillow's sign to try the next format
        header = read_dataset(self.fp, stop_before_pixels=True)
        refusal = _refusal(header)
        if refusal:
            raise DicomError(refusal)
        self._mode = "L" if header.PhotometricInterpretation in _GREY else "RGB"
        self._size = (header.Columns, header.Rows)
        scale = _scale(header)
        if scale is not None:
            self.info[_SCALE] = scale
        self.tile = [("dicom", (0, 0, *self._size), 0, ())]


class _Decoder(ImageFile.PyDecoder):
    _pulls_fd = True

    def decode(self, buffer: bytes) -> tuple[int, int]:
        dataset = read_dataset(self.fd)
        if "PixelData" not in dataset:
            raise DicomError("holds no pixel data, or is cut short")
        try:
            self.set_as_raw(_pixels(dataset).tobytes())
        except Exception as error:  # each of pydicom's decoders has errors of its own
            raise DicomError(f"pixels cannot be decoded ({_syntax(dataset)}): {_one_line(error)}") from error
        return -1, 0  # all is done, without an error


Image.register_open(DicomImageFile.format, DicomImageFile)
Image.register_decoder("dicom", _Decoder)
Image.register_extensions(DicomImageFile.format, list(SUFFIXES))


def is_dicom(path: str | os.PathLike) -> bool:
    """Whether a file begins as DICOM files do, whatever its name."""
    with open(path, "rb") as stream:
        return _has_prefix(stream)


def millimetres_per_pixel(image: str | os.PathLike | Image.Image | np.ndarray) -> float | None:
    """Scale of a photograph that came as DICOM and has square pixels of known size; None for any other image."""
    if isinstance(image, (str, os.PathLike)):
        with Image.open(image) as opened:
            return millimetres_per_pixel(opened)
    found = image.info.get(_SCALE) if isinstance(image, Image.Image) else None
    return found if isinstance(found, float) else None  # a PNG's own text of that name is none


def read_dataset(stream: str | os.PathLike | IO[bytes], **options: Any) -> Dataset:
    """pydicom's dataset of a file; ``options`` are those of ``pydicom.dcmread``.

    Raises:
        DicomError: pydicom is not installed, or cannot read the file.
    """
    try:
        from pydicom import dcmread
    except ImportError as error:
        raise DicomError("needs pydicom: pip install 'mt-transunet[dicom]'") from error
    if hasattr(stream, "seek"):
        stream.seek(0)
    try:
        return dcmread(stream, **options)
    except Exception as error:  # a broken file may raise anything
        raise DicomError(f"no DICOM file that can be read: {_one_line(error)}") from error


def _has_prefix(stream: IO[bytes]) -> bool:
    return stream.read(132)[128:] == b"DICM"


def _refusal(header: Dataset) -> str | None:
    """Why an object is no photograph, None when it is one."""
    kind = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID")
    if kind not in _PHOTOGRAPHS:
        known = "Dermoscopic Photography, VL Photographic or Secondary Capture"
        return f"{kind.name if kind else 'an object without SOP class'} is no photograph; give {known} Image Storage"
    frames = int(header.get("NumberOfFrames") or 1)
    if frames > 1:
        return f"holds {frames} frames; give one photograph a file"
    if not header.get("Rows") or not header.get("Columns"):
        return "holds no image, or is cut short"
    interpretation = header.get("PhotometricInterpretation")
    if interpretation not in _GREY + _COLOUR:
        return f"photometric interpretation {interpretation} is not read; convert it to RGB"
    return None


def _scale(header: Dataset) -> float | None:
    """Millimetres between the middles of neighbouring pixels where rows and columns agree within one per cent."""
    # not ImagerPixelSpacing, which is measured at the camera's sensor
    try:
        rows, columns = (float(value) for value in header.get("PixelSpacing"))
    except (TypeError, ValueError):  # absent, empty or no numbers
        return None
    return (rows + columns) / 2 if rows > 0 and abs(rows - columns) <= 0.01 * rows else None


def _pixels(dataset: Dataset) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8, by pydicom's own decoding and colour conversion."""
    from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_windowing, pixel_array

    values = pixel_array(dataset, raw=False)
    interpretation, bits = dataset.PhotometricInterpretation, dataset.BitsStored
    if interpretation == "PALETTE COLOR":
        depth = dataset.RedPaletteColorLookupTableDescriptor[2]
        return _eight_bits(apply_color_lut(values, dataset)[..., :3], 0, 2**depth - 1)
    low = -(2 ** (bits - 1)) if dataset.PixelRepresentation else 0
    limits = np.array([low, low + 2**bits - 1])
    if interpretation not in _GREY:
        return _eight_bits(values, *limits)
    # the modality's scale, then the display's window: both stay as they are where the object names none
    values = apply_windowing(apply_modality_lut(values, dataset), dataset)
    grey = _eight_bits(values, *sorted(apply_modality_lut(limits, dataset)))
    return 255 - grey if interpretation == "MONOCHROME1" else grey


def _eight_bits(values: np.ndarray, low: float, high: float) -> np.ndarray:
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values
    return np.clip(np.rint((values - float(low)) * (255.0 / (high - low))), 0, 255).astype(np.uint8)


def _syntax(dataset: Dataset) -> str:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    return syntax.name if syntax else "without transfer syntax"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__

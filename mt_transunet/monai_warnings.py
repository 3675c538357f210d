# SPDX-License-Identifier: Apache-2.0
"""Warnings of MONAI's that concern nothing a user of this bundle does."""

from __future__ import annotations

import logging
import warnings

__all__ = ["ignore_missing_nvimgcodec"]


def ignore_missing_nvimgcodec() -> None:
    """Say nothing of nvImageCodec, a GPU's decoder of DICOM, where it is not installed.

    Every `LoadImage` of MONAI 1.6 makes all its readers, whichever is asked for, and one of them warns twice. Here
    DICOM files are read by `mt_transunet.dicom`, which never asks for that decoder.
    """
    warnings.filterwarnings("ignore", message="NvImgCodecPydicomReader", category=UserWarning)
    logging.getLogger("monai.data.nvimgcodec_pydicom_plugin").setLevel(logging.ERROR)

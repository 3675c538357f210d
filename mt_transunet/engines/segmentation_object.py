# SPDX-License-Identifier: Apache-2.0
"""The predicted mask as a DICOM segmentation, where the photograph came as DICOM."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import __version__
from ..dicom import read_dataset

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom import Dataset

__all__ = ["DicomSegmentation"]

logger = logging.getLogger(__name__)

NAME = "MT-TransUNet"
_TO_BE_GIVEN = "2.25.0"

# What highdicom reads of a source and a photograph may lack: empty says "not known".
_MAY_BE_EMPTY = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
_MAY_BE_EMPTY += ("AccessionNumber", "StudyID", "StudyDate", "StudyTime")
# The mask lies on the photograph pixel by pixel and says so. A photograph has no place in the patient, and a spacing
# without a slice's thickness makes an object that highdicom writes and does not read.
_GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing")


class DicomSegmentation:
    """Bytes of a segmentation object (binary, one segment) for a mask and the DICOM file of its photograph.

    Patient and study are the photograph's, which is referenced. The object's date is the photograph's too, and its own
    identifiers follow from all that it holds: made twice, it is the same file, and another mask is another object.
    Photographs in multi-frame objects have none: highdicom asks for a geometry there.

    Args:
        weights_sha256: of the file of weights, or of each of several; stands as the device's serial number.

    Raises:
        ImportError: highdicom is not installed.
    """

    def __init__(self, *, weights_sha256: str | Sequence[str]) -> None:
        try:
            import highdicom  # noqa: F401
        except ImportError as error:
            raise ImportError("dicom_seg needs highdicom: pip install 'mt-transunet[dicom]'") from error
        logging.getLogger("highdicom").setLevel(logging.ERROR)  # its warnings spell out names of patients
        hashes = [weights_sha256] if isinstance(weights_sha256, str) else list(weights_sha256)
        self.weights = hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()

    def __call__(self, path: str | os.PathLike, mask: np.ndarray) -> bytes | None:
        """The file's content; None, with a log line, where the photograph's header does not allow one.

        Args:
            path: of the photograph.
            mask: (H, W) bool, on the photograph's pixels.
        """
        from pydicom.config import disable_value_validation

        source = read_dataset(path, stop_before_pixels=True)
        lacking = [name for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID") if not source.get(name)]
        if lacking:
            logger.warning(f"{path}: no segmentation object, for the photograph has no {' and no '.join(lacking)}")
            return None
        try:
            # the header's own faults are copied, not judged; nor is anything of the patient to be spelt out
            with disable_value_validation(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                content = io.BytesIO()
                self._object(_without_geometry(source), mask).save_as(content)
        except Exception as error:  # the message may hold what is of the patient
            logger.warning(f"{path}: no segmentation object, its header does not allow one ({type(error).__name__})")
            return None
        return content.getvalue()

    def _object(self, source: Dataset, mask: np.ndarray) -> Segmentation:
        from highdicom.seg import Segmentation

        date, time = _date_and_time(source)
        made = Segmentation(
            [source],
            np.asarray(mask, dtype=bool),
            "BINARY",
            [self._segment()],
            series_instance_uid=_TO_BE_GIVEN,
            series_number=(int(source.get("SeriesNumber") or 0) + 1),
            sop_instance_uid=_TO_BE_GIVEN,
            instance_number=1,
            manufacturer=NAME,
            manufacturer_model_name=NAME,
            software_versions=__version__,
            device_serial_number=self.weights,
            content_label="LESION",
            content_description="Predicted lesion",
            content_date=date,
            content_time=time,
            series_description=f"{NAME}: predicted lesion",
            omit_empty_frames=False,
        )
        return _identified(_timeless(made))

    def _segment(self) -> SegmentDescription:
        from highdicom import AlgorithmIdentificationSequence
        from highdicom.seg import SegmentDescription
        from pydicom.sr.codedict import codes

        algorithm = AlgorithmIdentificationSequence(
            name=NAME,
            version=__version__,
            family=codes.DCM.ArtificialIntelligence,
            parameters={"weights_sha256": self.weights},
        )
        return SegmentDescription(
            segment_number=1,
            segment_label="Lesion",
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.SkinLesion,
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm,
        )


def _without_geometry(source: Dataset) -> Dataset:
    for name in _GEOMETRY:
        if name in source:
            del source[name]
    for name in _MAY_BE_EMPTY:
        if name not in source:
            setattr(source, name, "")
    return source


def _date_and_time(source: Dataset) -> tuple[str, str]:
    """When the photograph was made, as far as its header tells; the day nothing is from where it does not."""
    for kind in ("Content", "Acquisition", "InstanceCreation", "Series", "Study"):
        if source.get(f"{kind}Date"):
            return str(source[f"{kind}Date"].value), str(source.get(f"{kind}Time") or "000000")
    return "19000101", "000000"


def _timeless(made: Segmentation) -> Segmentation:
    """Without the moments at which it was made, for which the standard does not ask."""
    del made.InstanceCreationDate, made.InstanceCreationTime
    for equipment in made.get("ContributingEquipmentSequence", []):
        if "ContributionDateTime" in equipment:
            del equipment.ContributionDateTime
    return made


def _identified(made: Segmentation) -> Segmentation:
    """With identifiers from a digest of everything else."""
    from pydicom.uid import generate_uid

    dimensions = (*made.DimensionOrganizationSequence, *made.DimensionIndexSequence)
    for item in dimensions:
        item.DimensionOrganizationUID = _TO_BE_GIVEN
    everything = io.BytesIO()
    made.save_as(everything)
    digest = hashlib.sha256(everything.getvalue()).hexdigest()
    made.SeriesInstanceUID = generate_uid(entropy_srcs=["series", digest])
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["instance", digest])
    for item in dimensions:
        item.DimensionOrganizationUID = generate_uid(entropy_srcs=["dimensions", digest])
    return made

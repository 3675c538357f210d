# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
import warnings

from monai.transforms import LoadImage

from mt_transunet.monai_warnings import ignore_missing_nvimgcodec


def test_reading_images_says_nothing_of_a_decoder_that_nobody_asked_for(caplog):
    caplog.set_level(logging.WARNING)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ignore_missing_nvimgcodec()
        LoadImage(reader="PILReader")
    assert [str(warning.message) for warning in caught if "codec" in str(warning.message).lower()] == []
    assert [record for record in caplog.records if "codec" in record.getMessage().lower()] == []


def test_other_warnings_of_monai_are_still_heard():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ignore_missing_nvimgcodec()
        warnings.warn("no reader is available", stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["no reader is available"]

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor, PILWriter
from monai.transforms import SaveImaged
from PIL import Image

from mt_transunet.transforms import AtomicNibabelWriter, AtomicPILWriter, OutputNames
from mt_transunet.user_errors import find_user_error


def save(names, output_dir, path, mask, **options):
    """As inference.json does it; the mask is (1, W, H) as MONAI's reader orders it."""
    told = {"output_ext": ".png", "scale": 255, "writer": AtomicPILWriter, **options}
    saver = SaveImaged(
        "pred",
        output_dir=output_dir,
        output_postfix="mask",
        output_dtype=np.uint8,
        separate_folder=False,
        data_root_dir=".",  # or SaveImage drops the folder of the name
        resample=False,
        output_name_formatter=names,
        print_log=False,
        **told,
    )
    saver({"pred": MetaTensor(mask, meta={"filename_or_obj": path})})


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_names_are_paths_below_the_root_without_the_suffix():
    names = OutputNames(["/data/a.jpg", "/data/sub/a.jpg", "/data/sub/ISIC.01.png"], "/data")
    assert [names[path] for path in ("/data/a.jpg", "/data/sub/a.jpg", "/data/sub/ISIC.01.png")] == [
        "a",
        "sub/a",
        "sub/ISIC.01",
    ]


def test_without_a_root_names_start_at_the_common_folder():
    names = OutputNames(["/data/x/a.jpg", "/data/y/b.jpg"])
    assert names["/data/x/a.jpg"] == "x/a" and names["/data/y/b.jpg"] == "y/b"
    assert OutputNames([])._names == {}


def test_a_relative_root_fits_absolute_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert OutputNames([str(tmp_path / "in" / "sub" / "a.jpg")], "in")[str(tmp_path / "in/sub/a.jpg")] == "sub/a"


@pytest.mark.parametrize("root", ["/other", "/data/datalist.json", ["/data/x", "/data/y"]])
def test_where_the_root_does_not_hold_all_images_no_two_share_a_name(root):
    names = OutputNames(["/data/x/a.jpg", "/data/y/a.jpg"], root)
    assert (names["/data/x/a.jpg"], names["/data/y/a.jpg"]) == ("x/a", "y/a")


@pytest.mark.parametrize("listed", ["a.jpg a.png b.jpg", "a.png a.png.jpg", "a.jpg a.png a.png.jpg"])
def test_no_two_images_of_a_folder_share_a_name(listed):
    paths = [f"/data/{name}" for name in listed.split()]
    names = OutputNames(paths, "/data")
    assert len({names[path] for path in paths}) == len(paths)


def test_masks_land_beside_each_other_in_their_sub_folders(tmp_path):
    paths = [f"/data/{name}" for name in ("a.jpg", "a.png", "sub/b.jpg")]
    names = OutputNames(paths, "/data")
    mask = torch.zeros(1, 7, 4)
    mask[0, 5, 1] = 1  # column 5, row 1
    for path in paths:
        save(names, tmp_path, path, mask)
    assert files(tmp_path) == ["a.jpg_mask.png", "a.png_mask.png", "sub/b_mask.png"]
    pixels = np.asarray(Image.open(tmp_path / "sub/b_mask.png"))
    assert pixels.shape == (4, 7) and pixels[1, 5] == 255 and pixels.sum() == 255


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left"):
        save(OutputNames(["/data/a.jpg"], "/data"), tmp_path, "/data/a.jpg", torch.ones(1, 3, 3))
    assert files(tmp_path) == []


def test_an_older_file_stays_when_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    names = OutputNames(["/data/a.jpg"], "/data")
    save(names, tmp_path, "/data/a.jpg", torch.ones(1, 3, 3))
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left"):
        save(names, tmp_path, "/data/a.jpg", torch.zeros(1, 3, 3))
    assert files(tmp_path) == ["a_mask.png"] and np.asarray(Image.open(tmp_path / "a_mask.png")).min() == 255


@pytest.mark.parametrize("width, height", [(1, 5), (5, 1), (1, 1)])
def test_a_side_of_one_pixel_stays_a_side(tmp_path, width, height):
    save(OutputNames(["/data/a.jpg"], "/data"), tmp_path, "/data/a.jpg", torch.ones(1, width, height))
    assert Image.open(tmp_path / "a_mask.png").size == (width, height)


def test_three_channels_are_a_colour_image(tmp_path):
    save(OutputNames(["/data/a.jpg"], "/data"), tmp_path, "/data/a.jpg", torch.ones(3, 5, 4))
    image = Image.open(tmp_path / "a_mask.png")
    assert image.mode == "RGB" and image.size == (5, 4)


@pytest.mark.parametrize("width, height", [(1, 5), (5, 1), (1, 1)])
def test_a_side_of_one_pixel_stays_a_side_in_nifti(tmp_path, width, height):
    nifti = {"output_ext": ".nii.gz", "scale": None, "writer": AtomicNibabelWriter}
    save(OutputNames(["/data/a.jpg"], "/data"), tmp_path, "/data/a.jpg", torch.ones(1, width, height), **nifti)
    assert nibabel.load(tmp_path / "a_mask.nii.gz").shape == (width, height)


def test_a_full_disk_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(
        PILWriter, "write", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(RuntimeError) as caught:
        save(OutputNames(["/data/a.jpg"], "/data"), tmp_path, "/data/a.jpg", torch.ones(1, 3, 3))
    said = str(find_user_error(caught.value))
    assert "No space left on device; free some space or name another output_dir" in said and "a_mask.png" in said

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from mt_transunet.inferers import AutocastInferer, resolve_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_named_precision_is_taken_at_its_word(precision):
    assert resolve_precision(precision, CPU) == precision


@pytest.mark.parametrize(
    "abilities, expected",
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx2": True, "avx512_bf16": False}, "fp32")],
)
def test_auto_is_bf16_on_a_cpu_that_multiplies_it(monkeypatch, abilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: abilities, raising=False)
    assert resolve_precision("auto", CPU) == expected


def test_auto_is_fp32_where_torch_cannot_tell(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert resolve_precision("auto", CPU) == "fp32"


@pytest.mark.parametrize("native, expected", [(True, "bf16"), (False, "fp32")])
def test_auto_asks_the_gpu_for_native_support(monkeypatch, native, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native and not including_emulation)
    assert resolve_precision("auto", torch.device("cuda")) == expected


def test_an_unknown_precision_is_refused_when_the_inferer_is_made():
    with pytest.raises(ValueError, match="precision must be one of auto, fp32, bf16, got 'fp16'"):
        AutocastInferer("fp16")


@pytest.mark.parametrize("precision, dtype", [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_the_network_computes_in_the_precision_and_autocast_ends_with_it(precision, dtype):
    network = torch.nn.Conv2d(3, 2, 1)
    output = AutocastInferer(precision)(torch.rand(1, 3, 4, 4), network)
    assert output.dtype == dtype and network(torch.rand(1, 3, 4, 4)).dtype == torch.float32


def test_the_network_gets_a_plain_channels_last_tensor_and_the_further_arguments():
    seen = []

    def network(images, *args, **kwargs):
        seen.append((images, args, kwargs))
        return images

    image = MetaTensor(torch.rand(2, 3, 4, 5))
    AutocastInferer("fp32")(image, network, 7, flag=True)
    images, args, kwargs = seen[0]
    assert type(images) is torch.Tensor and images.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images, image.as_tensor()) and args == (7,) and kwargs == {"flag": True}


def test_float32_is_not_rounded_on_gpus_either(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    AutocastInferer("bf16")(torch.rand(1, 3, 16, 16), torch.nn.Identity())
    assert torch.backends.cudnn.allow_tf32
    AutocastInferer("fp32")(torch.rand(1, 3, 16, 16), torch.nn.Identity())
    assert not torch.backends.cudnn.allow_tf32


def test_a_device_may_be_named_by_a_string_as_on_a_command_line():
    assert resolve_precision("auto", "cpu") == resolve_precision("auto", torch.device("cpu"))

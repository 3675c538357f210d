# SPDX-License-Identifier: Apache-2.0
"""What MONAI Deploy's bundle operator must do otherwise for a network that answers with a dict.

The operator of the App SDK (4.0.0, ``MonaiBundleInferenceOperator``) takes the first key of a dict for the prediction,
hands photographs on with rows first where MONAI's readers have columns first, casts every image it sends to uint8, and
names classes by rounding their probabilities down. :class:`LesionOperatorMixin` stands before it:

    class LesionOperator(LesionOperatorMixin, MonaiBundleInferenceOperator): ...

``integrations/deploy/app.py`` is an app of it. It was run with that SDK (holoscan 4.6.0) on a CPU: mask and
probabilities were those of ``run inference``. Where the SDK is not installed the tests put a stand-in in the operator's
place. No container (MAP) was built, no GPU used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from .networks import load_weights

__all__ = ["LesionOperatorMixin"]

MASK, CLASSES = "pred", "classification"


class LesionOperatorMixin:
    """Pre- and postprocessing of the packaged bundle as they stand, inside the operator of MONAI Deploy.

    Inputs: ``image``, a photograph (H, W, 3), rows first, RGB of 0 to 255.
    Outputs, by the label of a mapping: ``pred``, the mask, (H, W) uint8 of 0 and 1 at the photograph's size;
    ``classification``, a dict of ``predicted`` (the likeliest class), ``probabilities`` (name -> [0, 1], sum 1) and
    ``confidence`` (figures of the views, see ``quality.Confidenced``; empty where there are none).

    Give the operator the folder of the packaged bundle as ``bundle_path``. While its configs are read, once, the
    process stands in that folder: a packaged config takes it for the bundle's where no workflow of MONAI reads it.

    Raises:
        ValueError: another input than such a photograph, or an output that is neither of the two.
    """

    def _init_config(self, config_names: list[str]) -> None:
        self.bundle_path = Path(self.bundle_path).resolve()
        with _standing_in(self.bundle_path):
            super()._init_config(config_names)
            self._network = self._parser.get_parsed_content("network")
        load_weights(self._network, self.bundle_path / "models" / "model.pt").eval()
        channels = self._outputs["class_logits"]["channel_def"]
        self._class_names = [channels[str(index)] for index in range(len(channels))]
        self._outputs = {item.label: {"type": "image"} for item in self._output_mapping}  # those that have a port
        unknown = sorted(set(self._outputs) - {MASK, CLASSES})
        if unknown:
            raise ValueError(f"no output is called {', '.join(unknown)}; map {MASK} and {CLASSES}")

    def pre_process(self, data: Mapping[str, Any], *arguments: Any, **options: Any) -> Any:
        """The bundle's preprocessing, of a photograph with columns first, as MONAI's readers give it."""
        image = data["image"]
        if image.ndim != 3 or image.shape[-1] != 3:
            raise ValueError(
                f"a photograph has the shape (H, W, 3), got {tuple(image.shape)}; "
                "let the loader give RGB with channels last (channel_first=False)"
            )
        columns_first = image.permute(1, 0, 2).round().clamp(0, 255).to(torch.uint8)  # (H, W, 3) -> (W, H, 3)
        return super().pre_process({**data, "image": columns_first}, *arguments, **options)

    def predict(self, data: Any, *arguments: Any, **options: Any) -> tuple[dict[str, dict[str, torch.Tensor]]]:
        """What the evaluator's postprocessing gets: all outputs under ``pred``, without the batch of one.

        A tuple, because the operator goes on with the first element of what it is given, and that of a dict is a key.
        The network is the one read with the configs: what the SDK makes of a folder given by ``-m`` cannot be called.
        """
        self._model_network = self._network
        outputs = super().predict(data, *arguments, **options)
        return ({"pred": {name: output[0] for name, output in outputs.items()}},)

    def post_process(self, data: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        """The bundle's postprocessing, then mask and classes as they are sent."""
        item = super().post_process(data, *arguments, **options)
        mask = torch.as_tensor(item["pred_mask"]).transpose(1, 2)  # (1, W, H) -> (1, H, W)
        probabilities = dict(zip(self._class_names, torch.as_tensor(item["pred_class_logits"]).tolist(), strict=True))
        found = {"predicted": max(probabilities, key=probabilities.__getitem__), "probabilities": probabilities}
        return {MASK: mask, CLASSES: {**found, "confidence": item.get("pred_confidence", {})}}

    def _send_output(self, value: Any, name: str, metadata: dict, op_output: Any, context: Any) -> None:
        if name == CLASSES:
            op_output.emit(value, name)
        else:
            super()._send_output(value, name, metadata, op_output, context)


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)

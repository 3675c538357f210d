# SPDX-License-Identifier: Apache-2.0
"""A MONAI Deploy app: one photograph in, its mask as PNG and its class probabilities as JSON out.

    PYTHONPATH=BUNDLE python app.py -m BUNDLE -i lesion.jpg -o OUT

BUNDLE is the folder that ``mt-transunet package`` wrote. Needs ``monai-deploy-app-sdk`` beside what the bundle needs.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from monai.deploy.conditions import CountCondition
from monai.deploy.core import Application, Image, IOType, Operator, OperatorSpec
from monai.deploy.operators.monai_bundle_inference_operator import IOMapping, MonaiBundleInferenceOperator
from PIL import Image as PILImage

from mt_transunet.deploy import LesionOperatorMixin
from mt_transunet.transforms import as_rgb


class LesionOperator(LesionOperatorMixin, MonaiBundleInferenceOperator):
    """The bundle as an operator."""


class PhotographLoader(Operator):
    """Emits one file as ``image``: (H, W, 3), rows first, uint8."""

    def __init__(self, fragment: Application, *arguments: object, path: Path, **options: object) -> None:
        self.path = path
        super().__init__(fragment, *arguments, **options)

    def setup(self, spec: OperatorSpec) -> None:
        spec.output("image")

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        pixels = np.asarray(as_rgb(PILImage.open(self.path)))
        op_output.emit(Image(pixels, metadata={"filename": str(self.path)}), "image")


class FindingsWriter(Operator):
    """Writes ``<stem>_mask.png`` (0 and 255) and ``<stem>.json``."""

    def __init__(self, fragment: Application, *arguments: object, folder: Path, stem: str, **options: object) -> None:
        self.folder, self.stem = folder, stem
        super().__init__(fragment, *arguments, **options)

    def setup(self, spec: OperatorSpec) -> None:
        spec.input("pred")
        spec.input("classification")

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        mask, classes = op_input.receive("pred").asnumpy(), op_input.receive("classification")
        self.folder.mkdir(parents=True, exist_ok=True)
        PILImage.fromarray(mask * np.uint8(255)).save(self.folder / f"{self.stem}_mask.png")
        (self.folder / f"{self.stem}.json").write_text(json.dumps(classes, indent=2) + "\n", encoding="utf-8")


class LesionApp(Application):
    """Loader, bundle, writer."""

    def compose(self) -> None:
        context = Application.init_app_context(self.argv)
        photograph = Path(context.input_path)
        loader = PhotographLoader(self, CountCondition(self, 1), path=photograph, name="loader")
        lesion = LesionOperator(
            self,
            app_context=context,
            input_mapping=[IOMapping("image", Image, IOType.IN_MEMORY)],
            output_mapping=[
                IOMapping("pred", Image, IOType.IN_MEMORY),
                IOMapping("classification", dict, IOType.IN_MEMORY),
            ],
            bundle_path=context.model_path,
            name="lesion",
        )
        writer = FindingsWriter(self, folder=Path(context.output_path), stem=photograph.stem, name="writer")
        self.add_flow(loader, lesion, {("image", "image")})
        self.add_flow(lesion, writer, {("pred", "pred"), ("classification", "classification")})


if __name__ == "__main__":
    LesionApp().run()

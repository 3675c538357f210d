# SPDX-License-Identifier: Apache-2.0
"""MONAI Label's own ``monaibundle`` app, and two strategies: the least certain image, the most representative one."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from pathlib import Path
from types import ModuleType

from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.exception import MONAILabelError, MONAILabelException
from monailabel.interfaces.tasks.scoring import ScoringMethod
from monailabel.interfaces.tasks.strategy import Strategy
from monailabel.main import Main
from monailabel.utils.async_tasks.utils import processes

logger = logging.getLogger(__name__)

LEAST_CERTAIN, REPRESENTATIVE = "least_certain", "representative"
ON_DEMAND = 8
"""Images scored while a person waits, if none of those that wait has a score yet."""


def stock_app() -> ModuleType:
    """The module of the app that MONAI Label installs, wherever ``monailabel apps`` finds it."""
    path = Path(Main()._get_installed_dir(None, "sample-apps")) / "monaibundle" / "main.py"
    spec = importlib.util.spec_from_file_location("monailabel_monaibundle", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise MONAILabelException(MONAILabelError.APP_INIT_ERROR, f"{path} is missing; install monailabel==0.8.5")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class UncertaintyScoring(ScoringMethod):
    """Runs the bundle's own inference on the unlabelled images and keeps their uncertainty in the datastore."""

    def __init__(self, infer_task):
        super().__init__("Uncertainty: one less the Dice coefficient to expect of the predicted mask")
        self.infer_task = infer_task

    def __call__(self, request, datastore):
        from mt_transunet.annotation import score_images

        wanted = {key: request[key] for key in ("device",) if request.get(key)}

        def answer(image):
            return self.infer_task({"image": image, "result_write_to_file": False, "logging": "error", **wanted})[1]

        scored_by = None
        while scored_by != self.model():  # a training may end, and replace the model, while its images are scored
            scored_by = self.model()
            summary = score_images(datastore, answer, model=scored_by, most=int(request.get("max_samples", 0)))
            logger.info(f"Uncertainty: {summary}")
        return summary

    def due(self, datastore):
        """Whether an unlabelled image has no score of the model as it is now."""
        from mt_transunet.annotation import due_images

        return bool(due_images(datastore, model=self.model()))

    def model(self):
        """Time stamp of the model's file, in seconds."""
        path = self.infer_task.get_path()
        return int(os.stat(path).st_mtime) if path and os.path.exists(path) else 1


class LeastCertain(Strategy):
    """Serves the unlabelled image of greatest uncertainty."""

    def __init__(self, scoring, served):
        super().__init__("The image whose predicted mask is least certain")
        self.scoring, self.served = scoring, served

    def __call__(self, request, datastore):
        from mt_transunet.annotation import next_image

        images = infos(waiting(request, datastore), datastore)
        if images and not any("uncertainty_ts" in info for info in images.values()):
            self.scoring({**request, "max_samples": ON_DEMAND}, datastore)
            images = infos(list(images), datastore)
        image_id = next_image(images, in_hand=self.served.lately(images))
        if image_id is None:
            return None
        self.served.add(image_id)
        return {"id": image_id, "uncertainty": images[image_id].get("uncertainty")}


class Representative(Strategy):
    """Serves the unlabelled image that stands for most of those that are unlike the labelled ones; asks no model."""

    def __init__(self, served):
        from mt_transunet.annotation import Looks

        super().__init__("The image that stands for most of the others")
        self.looks, self.served = Looks(), served

    def __call__(self, request, datastore):
        from mt_transunet.annotation import next_representative

        ids = waiting(request, datastore)
        paths = {image_id: datastore.get_image_uri(image_id) for image_id in datastore.list_images()}
        in_hand = self.served.lately(infos(ids, datastore))
        image_id = next_representative(self.looks.of(paths), ids, in_hand=in_hand)
        if image_id is None:
            return None
        self.served.add(image_id)
        return {"id": image_id}


def waiting(request, datastore):
    """Ids of the images without a label."""
    return datastore.get_unlabeled_images(request.get("label_tag"), request.get("labels"))


def infos(ids, datastore):
    """Id -> what the datastore knows of the image."""
    return {image_id: datastore.get_image_info(image_id) for image_id in ids}


stock = stock_app()


# MONAI Label looks for a class whose direct base is called MONAILabelApp: the second one is there to be found.
class MyApp(stock.MyApp, MONAILabelApp):
    """The stock app with the strategies ``least_certain`` and ``representative``, and a scoring method for the first.

    Scores are of the first of the models. The bundle's own code is found in the bundle.
    """

    def init_infers(self):
        sys.path += [path for path in self.models.values() if path not in sys.path]
        return super().init_infers()

    def init_strategies(self):
        stock_ones = super().init_strategies()
        if not self.models:
            return stock_ones
        from mt_transunet.annotation import Served

        served = Served()  # of both strategies together
        ours = {LEAST_CERTAIN: LeastCertain(self._scoring(), served), REPRESENTATIVE: Representative(served)}
        return {**stock_ones, **ours}

    def init_scoring_methods(self):
        return {**super().init_scoring_methods(), **({LEAST_CERTAIN: self._scoring()} if self.models else {})}

    def async_scoring(self, method, params=None):
        """MONAI Label asks for all methods after every image served, and starts a process for it that loads torch.

        One that is under way will do, and none is needed where all images have their scores.
        """
        if method is None and self.models and (processes("scoring") or not self._scoring().due(self.datastore())):
            return {}
        return super().async_scoring(method, params)

    def _scoring(self):
        return UncertaintyScoring(self._infers[next(iter(self.models))])

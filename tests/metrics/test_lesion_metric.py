# SPDX-License-Identifier: Apache-2.0
"""The engine metric, alone, inside an engine and over two processes."""

from __future__ import annotations

import math

import pytest
import torch
from ignite.engine import Engine

from mt_transunet.metrics import LesionMetric, summarise

MASK = torch.tensor([[[1, 1], [0, 0]]], dtype=torch.uint8)
HALF = torch.tensor([[[1, 0], [0, 0]]], dtype=torch.uint8)  # JA 1/2, DI 2/3


def item(name, *, prediction=MASK, mask=MASK, probabilities=(0.6, 0.3, 0.1), label=0):
    return {
        "image_id": name,
        "prediction": prediction,
        "mask": mask,
        "probabilities": torch.tensor(probabilities),
        "label": label,
    }


def batch():
    """JA 1, 1/2, 1/2; melanoma ranked first among melanoma scores, keratosis last among keratosis scores."""
    return [
        item("a"),
        item("b", prediction=HALF, probabilities=(0.2, 0.6, 0.2), label=1),
        item("c", prediction=HALF, probabilities=(0.9, 0.05, 0.05), label=torch.tensor(2)),
    ]


def computed(*items):
    metric = LesionMetric()
    metric.update(items)
    return metric.compute()


def test_score_is_the_mean_of_jaccard_and_mean_auc():
    # JA 2/3; AUC melanoma 1, keratosis 0, so mean AUC 1/2
    assert computed(*batch()) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_a_row_names_the_group_of_its_image_if_it_has_one():
    metric = LesionMetric()
    metric.update([item("a") | {"group": "007"}, item("b")])
    assert [row.get("group") for row in metric.rows] == ["007", None]
    assert "group" not in metric.rows[1]


def test_score_is_jaccard_alone_without_diagnoses():
    assert computed(item("a", label=-1), item("b", prediction=HALF, label=-1)) == pytest.approx(0.75)


def test_score_is_mean_auc_alone_without_masks():
    assert computed(*({**entry, "mask": None} for entry in batch())) == pytest.approx(0.5)


def test_score_is_the_auc_of_the_class_there_is_without_masks_and_the_other_class():
    # melanomas at 0.6 and 0.2, nevi at 0.3 and 0.1: three of the four pairs are in order
    chances = {"a": (0.6, 1), "b": (0.2, 1), "c": (0.3, 0), "d": (0.1, 0)}
    items = [item(n, mask=None, probabilities=(1 - p, p, 0.0), label=k) for n, (p, k) in chances.items()]
    assert computed(*items) == pytest.approx(3 / 4)


def test_without_the_other_class_the_auc_of_the_one_joins_the_jaccard_index():
    items = [item("a"), item("b", prediction=HALF, probabilities=(0.2, 0.7, 0.1), label=1)]
    assert computed(*items) == pytest.approx((3 / 4 + 1) / 2)  # JA of 1 and 1/2; the melanoma's probability is larger


def test_score_is_jaccard_alone_when_the_class_output_is_constant():
    assert computed(item("a"), item("b", prediction=HALF, label=1), item("c", label=2)) == pytest.approx(5 / 6)


def test_score_of_nothing_is_nan():
    assert math.isnan(computed())


def test_score_of_nevi_alone_without_masks_is_nan():
    assert math.isnan(
        computed(*(item(name, mask=None, probabilities=(0.5, p, 0.1)) for name, p in (("a", 0.3), ("b", 0.4))))
    )


def test_mask_and_label_may_be_absent():
    bare = {key: value for key, value in item("a").items() if key not in ("mask", "label")}
    metric = LesionMetric()
    metric.update([bare])
    assert metric.rows[0].keys() == {"image_id", "label", "nevus", "melanoma", "seborrheic_keratosis"}
    assert metric.rows[0]["label"] == -1


def test_rows_feed_the_summary():
    metric = LesionMetric()
    metric.update(batch())
    summary = summarise(metric.rows, resamples=5)
    assert summary["segmentation"]["DI"]["value"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert summary["classification"]["n"] == 3


def test_engine_gets_the_score_and_the_defined_figures_behind_it():
    engine = Engine(lambda _, data: data)
    metric = LesionMetric()
    metric.attach(engine, "lesion")
    figures = engine.run([batch()[:2], batch()[2:]]).metrics
    assert figures == pytest.approx(
        {
            "lesion": 7 / 12,
            "lesion_JA": 2 / 3,
            "lesion_DI": 7 / 9,
            "lesion_melanoma_AUC": 1,
            "lesion_seborrheic_keratosis_AUC": 0,
            "lesion_mean_AUC": 0.5,
        }
    )


def test_undefined_figures_stay_out_of_the_engine():
    engine = Engine(lambda _, data: data)
    LesionMetric().attach(engine, "lesion")
    assert engine.run([[item("a"), item("b", probabilities=(0.2, 0.7, 0.1), label=1)]]).metrics.keys() == {
        "lesion",
        "lesion_JA",
        "lesion_DI",
        "lesion_melanoma_AUC",
    }


def test_every_epoch_starts_anew():
    engine = Engine(lambda _, data: data)
    metric = LesionMetric()
    metric.attach(engine, "lesion")
    engine.run([batch()], max_epochs=2)
    assert len(metric.rows) == 3


def test_a_figure_that_is_undefined_now_is_not_the_last_epochs():
    engine = Engine(lambda _, data: data)
    LesionMetric().attach(engine, "lesion")
    engine.run([batch()])
    constant = [{**entry, "probabilities": torch.tensor((0.5, 0.3, 0.2))} for entry in batch()]
    assert engine.run([constant]).metrics.keys() == {"lesion", "lesion_JA", "lesion_DI"}


def test_output_transform_picks_the_images():
    engine = Engine(lambda _, data: {"pred": data})
    LesionMetric(lambda output: output["pred"]).attach(engine, "lesion")
    assert engine.run([batch()]).metrics["lesion"] == pytest.approx(7 / 12)


def test_rows_of_all_ranks_replace_those_of_this_one(monkeypatch):
    def gather(ranks, rows):
        ranks[:] = [rows, other.rows]

    other = LesionMetric()
    other.update([batch()[1], batch()[0]])
    metric = LesionMetric()
    metric.update([batch()[0], batch()[2]])
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_gather_object", gather)
    assert metric.compute() == pytest.approx(7 / 12)
    assert [row["image_id"] for row in metric.rows] == ["a", "b", "c"]  # as one process would have met them


def _rows_of_rank(rank: int, address: str) -> tuple[float, list[str]]:
    torch.distributed.init_process_group("gloo", init_method=address, world_size=2, rank=rank)
    metric = LesionMetric()
    # Three images over two ranks: the sampler repeats the first one to even them out.
    metric.update([batch()[0], batch()[2]] if rank == 0 else [batch()[1], batch()[0]])
    score = metric.compute()
    torch.distributed.destroy_process_group()
    return score, [row["image_id"] for row in metric.rows]


def _other_rank(address: str, queue) -> None:
    queue.put(_rows_of_rank(1, address))


@pytest.mark.slow
def test_two_processes_agree_and_repeats_count_once(tmp_path):
    context = torch.multiprocessing.get_context("spawn")
    queue = context.Queue()
    address = f"file://{tmp_path}/rendezvous"
    other = context.Process(target=_other_rank, args=(address, queue))
    other.start()
    here = _rows_of_rank(0, address)
    assert here == queue.get(timeout=120) == (pytest.approx(7 / 12), ["a", "b", "c"])
    other.join()

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from mt_transunet.annotation import Served, next_image, score_images

NOW = 1_000_000.0


class Shelf:
    """A datastore in memory: id -> what is known of the image."""

    def __init__(self, **images):
        self.images = images

    def get_unlabeled_images(self):
        return [name for name, info in self.images.items() if not info.get("labelled")]

    def get_image_info(self, image_id):
        return dict(self.images[image_id])

    def get_image_uri(self, image_id):
        return f"/images/{image_id}.jpg"

    def update_image_info(self, image_id, info):
        self.images[image_id].update(info)


def served(seconds_ago, strategy="least_certain"):
    return {"strategy": {strategy: {"ts": NOW - seconds_ago}}}


def test_the_image_of_greatest_uncertainty_is_next():
    assert next_image({"a": {"uncertainty": 0.2}, "b": {"uncertainty": 0.9}, "c": {"uncertainty": 0.4}}) == "b"


def test_of_equally_uncertain_images_the_first_id_is_next():
    assert next_image({"b": {"uncertainty": 0.5}, "a": {"uncertainty": 0.5}}) == "a"


def test_nothing_is_next_when_nothing_waits():
    assert next_image({}) is None


def test_an_image_without_a_score_comes_after_those_with_one():
    assert next_image({"a": {}, "b": {"uncertainty": 0.0}, "c": {"uncertainty": None}}) == "b"


def test_an_image_in_somebodys_hands_comes_after_one_without_a_score():
    assert next_image({"a": {"uncertainty": 0.9}, "b": {}}, in_hand={"a"}) == "b"


def test_where_all_are_in_somebodys_hands_the_least_certain_is_next_again():
    assert next_image({"a": {"uncertainty": 0.1}, "b": {"uncertainty": 0.9}}, in_hand={"a", "b"}) == "b"


def test_an_image_rests_after_it_was_served():
    images = {"a": served(59), "b": served(61), "c": {}}
    assert Served(rest=60).lately(images, now=NOW) == {"a"}


def test_the_latest_of_all_strategies_counts():
    info = {"strategy": {"random": {"ts": NOW - 10}, "least_certain": {"ts": NOW - 1000}}}
    assert Served(rest=60).lately({"a": info}, now=NOW) == {"a"}


def test_what_was_served_rests_though_the_datastore_forgot_it():
    hands = Served(rest=60)
    hands.add("a", now=NOW - 59)
    hands.add("b", now=NOW - 61)
    assert hands.lately({"a": {}, "b": {}, "c": {}}, now=NOW) == {"a"}


def test_every_waiting_image_gets_its_score_and_the_models_stamp():
    shelf = Shelf(a={}, b={"labelled": True}, c={})
    summary = score_images(shelf, lambda path: {"uncertainty": 0.25 if "a" in path[-6:] else 0.75}, model=7)
    assert shelf.images["a"] == {"uncertainty": 0.25, "uncertainty_ts": 7}
    assert shelf.images["c"] == {"uncertainty": 0.75, "uncertainty_ts": 7} and shelf.images["b"] == {"labelled": True}
    assert (summary["total"], summary["skipped"], summary["executed"], summary["failed"]) == (2, 0, 2, 0)


def test_only_images_not_scored_by_this_model_are_scored():
    shelf = Shelf(old={"uncertainty": 0.1, "uncertainty_ts": 6}, new={"uncertainty": 0.2, "uncertainty_ts": 7})
    asked_for = []
    summary = score_images(shelf, lambda path: asked_for.append(path) or {"uncertainty": 0.5}, model=7)
    assert asked_for == ["/images/old.jpg"] and shelf.images["new"]["uncertainty"] == 0.2
    assert (summary["skipped"], summary["executed"]) == (1, 1)


def test_at_most_so_many_images_are_scored_in_the_order_of_their_ids():
    shelf = Shelf(c={}, a={}, b={})
    score_images(shelf, lambda path: {"uncertainty": 0.5}, model=1, most=2)
    assert [name for name, info in shelf.images.items() if info] == ["a", "b"]


def test_an_image_that_cannot_be_read_neither_stops_the_others_nor_is_tried_again():
    def answer(path):
        if "bad" in path:
            raise OSError("truncated")
        return {"uncertainty": 0.5}

    shelf = Shelf(bad={}, good={})
    assert score_images(shelf, answer, model=1)["failed"] == 1
    assert shelf.images["bad"]["uncertainty"] is None and shelf.images["good"]["uncertainty"] == 0.5
    assert score_images(shelf, answer, model=1)["executed"] == 0


def test_a_model_that_does_not_say_how_sure_it_is_is_refused():
    with pytest.raises(ValueError, match="no 'uncertainty' but .'prediction'.; package the bundle anew"):
        score_images(Shelf(a={}), lambda path: {"prediction": []}, model=1)


def test_an_image_that_is_removed_meanwhile_does_not_stop_the_others(caplog):
    class Removing(Shelf):
        def update_image_info(self, image_id, info):
            if image_id == "a":
                raise LookupError("Image a not found")
            super().update_image_info(image_id, info)

    shelf = Removing(a={}, b={})
    score_images(shelf, lambda path: {"uncertainty": 0.5}, model=1)
    assert shelf.images["b"]["uncertainty"] == 0.5 and "of a is not kept: Image a not found" in caplog.text

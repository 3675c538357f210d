# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from mt_transunet.data.synthetic_image import synthetic_case
from mt_transunet.quality.description import FEATURES, describe
from mt_transunet.quality.typical import TypicalImages

HEIGHT, WIDTH = 96, 128


def dermoscopy(start, count):
    return [synthetic_case(index, size=(HEIGHT, WIDTH)).image for index in range(start, start + count)]


@pytest.fixture(scope="module")
def images():
    return dermoscopy(0, 48)


@pytest.fixture(scope="module")
def typical(images):
    return TypicalImages.fit(iter(images))


def test_distance_is_that_of_mahalanobis(typical, images):
    descriptions = np.array([describe(image) for image in images])
    inverse = np.linalg.inv(np.cov(descriptions.T))
    expected = mahalanobis(descriptions[5], descriptions.mean(axis=0), inverse)
    assert typical.distance(images[5]) == pytest.approx(expected, rel=1e-6)


def test_the_limit_is_the_quantile_of_distances_to_the_other_images(typical, images):
    descriptions = np.array([describe(image) for image in images])
    distances = []
    for index, description in enumerate(descriptions):
        others = np.delete(descriptions, index, axis=0)
        distances.append(mahalanobis(description, others.mean(axis=0), np.linalg.inv(np.cov(others.T))))
    assert typical.limit == pytest.approx(np.quantile(distances, 0.995), rel=1e-6)
    assert typical.n == 48 and typical.names == FEATURES


def test_other_images_of_the_same_kind_are_within_the_limit(typical):
    assert [image for image in dermoscopy(1000, 12) if typical.distance(image) > typical.limit] == []


def document(rng):
    image = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    for top in range(8, HEIGHT - 8, 8):
        for left in range(8, WIDTH - 8, 4):
            image[top : top + 4, left : left + 2] = 40 if rng.random() < 0.7 else 250
    return image


def x_ray(rng):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    chest = 40 + 150 * np.exp(-(((columns - 64) / 30) ** 2) - ((rows - 48) / 36) ** 2) + 15 * np.sin(rows / 4)
    return np.clip(chest + rng.normal(0, 4, chest.shape), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def landscape(rng):
    image = np.empty((HEIGHT, WIDTH, 3))
    image[: HEIGHT // 2], image[HEIGHT // 2 :] = (120, 170, 230), (70, 120, 50)
    image[HEIGHT // 2 :] += rng.normal(0, 25, (HEIGHT - HEIGHT // 2, WIDTH, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def noise(rng):
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def uniform(rng):
    return np.full((HEIGHT, WIDTH, 3), (220, 180, 160), np.uint8)


def grey_dermoscopy(rng):
    return cv2.cvtColor(dermoscopy(7, 1)[0], cv2.COLOR_RGB2GRAY)[..., None].repeat(3, axis=2)


def blue_for_red(rng):
    return np.ascontiguousarray(dermoscopy(7, 1)[0][..., ::-1])


@pytest.mark.parametrize("draw", [document, x_ray, landscape, noise, uniform, grey_dermoscopy, blue_for_red])
def test_pictures_of_another_kind_are_beyond_the_limit(typical, draw):
    assert typical.distance(draw(np.random.default_rng(0))) > 1.2 * typical.limit


def test_plain_json_holds_all_that_the_distance_needs(typical, images):
    copy = TypicalImages.from_json(json.loads(json.dumps(typical.to_json())))
    assert copy.distance(images[0]) == typical.distance(images[0])
    assert (copy.limit, copy.n, copy.names) == (typical.limit, typical.n, typical.names)


def test_fields_of_another_description_are_refused(typical):
    with pytest.raises(ValueError, match=r"names must be \('mean_L', .*got \('redness',\); fit the images again"):
        TypicalImages.from_json({**typical.to_json(), "names": ["redness"]})


def test_too_few_images_are_refused(images):
    with pytest.raises(ValueError, match="at least 33 images are needed to say what is typical, got 32; add images"):
        TypicalImages.fit(images[:32])


def test_copies_of_a_few_images_are_refused(images):
    with pytest.raises(ValueError, match="the images vary in fewer ways than are described"):
        TypicalImages.fit(images[:5] * 8)


def test_anything_but_8_bit_rgb_is_refused(typical):
    with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8, got \(8, 8\) uint8; convert it"):
        typical.distance(np.zeros((8, 8), np.uint8))

# SPDX-License-Identifier: Apache-2.0
"""A page on one's own machine: drop an image, see what the network says of it and whether to believe it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from . import CLASS_NAMES
from .analysis import Analyser, Analysis
from .data.synthetic_image import synthetic_case
from .quality import FLAGS
from .reports import overlay_panel

__all__ = ["build_app", "run_app"]

HOST = "127.0.0.1"
EXAMPLES_SEED = 7

NOTICE = (
    "**Research software, not a medical device.** It must not be used to diagnose, to rule out disease or to decide on "
    "a treatment. Images stay on this machine."
)

_MEASURED = {
    "longest_px": "longest diameter, pixels",
    "area_px": "area, pixels",
    "lesion_fraction": "share of the image",
    "asymmetry": "asymmetry (0 symmetric, 1 none)",
    "border_irregularity": "border irregularity (1 for a disc)",
    "colour_variegation": "colour variegation (0 one colour)",
    "colours": "colours of the ABCD rule (of 6)",
    "predicted_dice": "Dice to expect of the mask",
    "agreement": "agreement of the views",
    "consistency": "agreement of mask and level set",
}


def run_app(*, weights: str = "lite", views: str = "fast", port: int = 7860) -> None:
    """Serve the page on 127.0.0.1 until it is interrupted.

    Args:
        weights, views: as ``Analyser``.
        port: to listen on.

    Raises:
        ImportError: gradio is not installed.
        OSError: the port is taken.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    with tempfile.TemporaryDirectory() as folder:
        app = build_app(Analyser(weights, views=views), write_examples(Path(folder)))
        app.launch(server_name=HOST, server_port=port, share=False, quiet=True)


def write_examples(folder: Path, *, count: int = 4) -> list[str]:
    """Draw synthetic images to try and return their paths."""
    paths = [folder / f"synthetic-{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(synthetic_case(number, seed=EXAMPLES_SEED).image).save(path, quality=92)
    return [str(path) for path in paths]


def build_app(analyse: Callable[[np.ndarray], Analysis], examples: list[str]) -> Any:
    """The page as gradio ``Blocks``; nothing in it is fetched from elsewhere, fonts are the machine's own.

    Args:
        analyse: (H, W, 3) uint8 RGB -> what is said of it.
        examples: paths of images to try.

    Raises:
        ImportError: gradio is not installed.
    """
    try:
        import gradio as gr  # heavy, and an extra
    except ImportError as error:
        raise ImportError("the app needs gradio: pip install 'mt-transunet[app]'") from error
    with gr.Blocks(title="MT-TransUNet", analytics_enabled=False) as app:
        gr.Markdown(f"# MT-TransUNet\n{NOTICE}")
        with gr.Row():
            with gr.Column(scale=2):
                image = gr.Image(label="Dermoscopic image", type="numpy", sources=["upload", "clipboard"])
                gr.Examples(examples, image, label="Synthetic examples")
            with gr.Column(scale=3):
                panel = gr.Image(label="Border, attention, level set, disagreement of the views", interactive=False)
                mask = gr.Image(label="Mask", interactive=False, format="png")
        with gr.Row():
            classes = gr.Label(label="Calibrated probabilities")
            flags = gr.Markdown(label="Flags", container=True)
            table = gr.Dataframe(headers=["measurement", "value"], label="Measurements", interactive=False)
        image.change(lambda picture: answer(analyse, picture), image, [panel, mask, classes, flags, table])
    return app


def answer(analyse: Callable[[np.ndarray], Analysis], picture: np.ndarray | None) -> tuple[Any, ...]:
    """Panel, mask, probabilities, flags and measurements for the page; all empty without a picture."""
    if picture is None:
        return None, None, None, "", []
    found = analyse(picture)
    maps = (found.probability, found.level_set, found.attention)
    panel = overlay_panel(found.photograph, *maps, mask=found.mask, spread=found.spread)
    probabilities = {name.replace("_", " "): found.row[name] for name in CLASS_NAMES}
    measured = [[words, _shown(found.row[name])] for name, words in _MEASURED.items()]
    return panel, found.mask.astype(np.uint8) * 255, probabilities, _advice(found.row), measured


def _advice(row: dict[str, Any]) -> str:
    lines = [f"- **{name.replace('_', ' ')}**: {FLAGS[name]}" for name in row["flags"]]
    if row["melanoma_suspected"]:
        lines.append(
            "- **melanoma suspected**: its probability reaches the value from which on nine of ten melanomas of the "
            "validation images were found."
        )
    return "\n".join(lines) or "No flag was raised. That is no guarantee."


def _shown(value: float | None) -> str:
    if value is None:
        return "not known"
    return str(value) if isinstance(value, int) else f"{value:.3f}" if value < 100 else f"{value:.0f}"

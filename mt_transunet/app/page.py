# SPDX-License-Identifier: Apache-2.0
"""The page's layout in gradio; nothing in it is fetched from elsewhere, fonts are the machine's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import gradio as gr  # an extra
except ImportError as error:
    raise ImportError("the app needs gradio: pip install 'mt-transunet[app]'") from error

from .answers import NOTHING, Answer
from .words import header_html, legend_html

__all__ = ["build_page", "launch"]

_FONT = ("Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")  # page.css puts the system's own before them
_MONO = ("Menlo", "Consolas", "monospace")
_EVENT: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "multiple"}  # none is dropped, the last one wins
_DROP = {"upload_text.drop_file": "Drop a dermoscopic image here", "upload_text.click_to_upload": "choose a file"}


def build_page(ask: Callable[[str], Answer], examples: list[str], *, footer: str) -> gr.Blocks:
    """The page, not served yet.

    Args:
        ask: path of the file that was dropped -> what to show.
        examples: paths of images to try.
        footer: HTML for the end of the page.
    """
    with gr.Blocks(title="MT-TransUNet", analytics_enabled=False, fill_width=True) as page:
        _words("top", header_html())
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                file = gr.File(label="Dermoscopic image", height=150)
                photograph = _picture("Photograph")
                tried = _examples(examples)
                _words("legend", legend_html())
            with gr.Column(scale=8, min_width=480):
                message = _words("message")
                panel = _picture("Panel")
        with gr.Row(visible=False) as results:
            with gr.Column(scale=9, min_width=480):
                findings = _words("findings")
            with gr.Column(scale=3, min_width=240):
                mask = _picture("Mask")
                download = gr.DownloadButton("Download the mask", size="sm")
        _words("bottom", footer)

        outputs = [photograph, panel, mask, findings, message, download, results]
        answered = _answer(file.upload, file, outputs, panel, ask)
        answered.then(lambda: None, None, file, show_progress="hidden", **_EVENT)  # ready for the next one
        _answer(tried.click, tried, outputs, panel, lambda index: ask(examples[index]))
    return page


def launch(page: gr.Blocks, *, host: str, port: int) -> str:
    """Serve the page from a thread of its own; returns its address."""
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        prevent_thread_lock=True,
        inbrowser=False,
        footer_links=[],
        run_history=False,  # gradio would keep what was dropped in the browser
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=True,
        theme=_theme(),
        css_paths=Path(__file__).with_name("page.css"),
        i18n=gr.I18n(en=_DROP),
    )
    return address


def _picture(name: str) -> gr.Image:
    return gr.Image(
        show_label=False,
        alt_text=name,
        interactive=False,
        buttons=["fullscreen"],
        format="png",
        elem_classes=name.lower(),
    )


def _words(name: str, html: str = "") -> gr.HTML:
    return gr.HTML(html, apply_default_css=False, elem_classes=["words", name])


def _examples(paths: list[str]) -> gr.Dataset:
    samples = [[path] for path in paths]
    return gr.Dataset(
        label="Synthetic images to try", components=[gr.Image(render=False)], samples=samples, type="index"
    )


def _answer(trigger: Any, source: gr.Component, outputs: list, panel: gr.Image, ask: Callable[[Any], Answer]) -> Any:
    """What was said before goes at once; the seconds that the next answer takes are counted on the panel."""
    emptied = trigger(lambda: _updates(NOTHING), None, outputs, show_progress="hidden", **_EVENT)
    one_at_a_time = {"concurrency_id": "answer", "concurrency_limit": 1}
    return emptied.then(
        lambda value: _updates(ask(value)), source, outputs, show_progress_on=panel, **one_at_a_time, **_EVENT
    )


def _updates(shown: Answer) -> list[Any]:
    """The answer for the components, and whether there is one to be seen below."""
    return [*shown, shown.mask, gr.update(visible=shown.mask is not None)]


def _theme() -> gr.themes.Base:
    """The colours of the report's pages."""
    theme = gr.themes.Base(primary_hue="orange", neutral_hue="stone", font=_FONT, font_mono=_MONO)
    return theme.set(
        body_background_fill="#fbfaf8",
        body_background_fill_dark="#15171b",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1b1e23",
        block_border_color="#e4e1db",
        block_border_color_dark="#2d3138",
    )

# SPDX-License-Identifier: Apache-2.0
"""Serve a packaged bundle to annotators, on this machine alone, until Ctrl-C.

    python integrations/monailabel/serve.py BUNDLE.zip STUDIES [--home FOLDER] [--port 8000]

The app, and with it the weights that training leaves, stay in the home folder: the next call goes on with them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from server import make_app, start_command


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="packaged bundle, folder or zip")
    parser.add_argument("studies", type=Path, help="folder of the images; masks go to labels/ in it")
    parser.add_argument("--home", type=Path, default=Path("runs/monailabel"))
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    if not given.studies.is_dir():
        print(f"error: {given.studies} is no folder; name the one that holds the images", file=sys.stderr)
        return 1
    try:
        app, model = make_app(given.bundle.resolve(), given.home.resolve(), companion=True)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"weights in use: {app / 'model' / model / 'models'}; move that model's folder away to start from the zip's")
    print(f"model {model} at http://127.0.0.1:{given.port} , for this machine alone; Ctrl-C ends it", flush=True)
    try:
        return subprocess.run(start_command(app, model, given.studies.resolve(), given.port)).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

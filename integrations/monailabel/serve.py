# SPDX-License-Identifier: Apache-2.0
"""Serve a packaged bundle to annotators, on this machine alone, until Ctrl-C.

    python integrations/monailabel/serve.py BUNDLE.zip STUDIES [--home FOLDER] [--port 8000]

The app, and with it the weights that training leaves, stay in the home folder: the next call goes on with them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from server import STOCK, make_app, start_command, tool_environment

COMPANION = Path(__file__).resolve().parent / "app" / "main.py"


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
    app, model = given.home.resolve() / STOCK, given.bundle.resolve().stem
    if (app / "model" / model).is_dir():
        print(f"going on with the model in {app / 'model' / model}; move the folder away to start from the packed one")
    else:
        app, model = make_app(given.bundle.resolve(), given.home.resolve())
    shutil.copyfile(COMPANION, app / "main.py")  # the stock app and the strategy least_certain
    print(f"model {model} at http://127.0.0.1:{given.port} , for this machine alone; Ctrl-C ends it", flush=True)
    try:
        return subprocess.run(
            start_command(app, model, given.studies.resolve(), given.port), env=tool_environment()
        ).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

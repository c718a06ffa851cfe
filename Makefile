# make demo · make test · make bench · make deploy
# The first two need only the Rust toolchain, Python 3 and git; what else they use they set up themselves.

CARGO ?= cargo
PYTHON ?= python3
VENV := .venv
JUDGES := $(VENV)/.judges
SCENARIO ?= bad-rollout
FUNCTIONS := $(patsubst functions/%/Cargo.toml,--package %,$(wildcard functions/*/Cargo.toml))

# kubectl, Chromium and Prometheus are outside judges that pip does not carry: their tests run where they are installed.
comma := ,
INSTALLED := $(foreach judge,kubectl chromium prometheus,$(if $(shell command -v $(judge)),$(comma)$(judge)))
export NIGHTSHIFT_REQUIRE_JUDGES := python$(subst $(subst ,, ),,$(INSTALLED))

.PHONY: demo test judges lint deny bench bench-diagnosis bench-checks bench-gray-failure bench-cold-start bench-first-message bench-first-answer release deploy clean

## The product against a simulated cluster; prints the address of the Slack channel's page.
demo: build
	target/debug/nightshift demo --scenario $(SCENARIO)

.PHONY: build
build:
	$(CARGO) build --locked --package cli $(FUNCTIONS)

## All tests: values, flows over the simulated world, and the outside judges of our protocols.
test: judges
	$(VENV)/bin/cfn-lint infra/template.yaml infra/other-cluster.yaml
	$(VENV)/bin/python tests/judges/sam_template.py infra/template.yaml
	$(VENV)/bin/python tests/judges/dashboards.py infra/template.yaml
	$(CARGO) build --locked --workspace --bins
	$(PYTHON) tests/judges/with_moto.py $(VENV) -- $(CARGO) $(TEST)
	$(CARGO) test --locked --workspace --doc --quiet

# nextest where it is installed (parallel across test binaries), cargo's own runner elsewhere: the same tests. Enumerations of
# faults wait for what never answers, so there are more tests at once than cores.
ifneq ($(shell command -v cargo-nextest),)
TEST := nextest run --locked --workspace --no-fail-fast --test-threads $(shell expr $$(getconf _NPROCESSORS_ONLN) '*' 2)
else
TEST := test --locked --workspace --lib --bins --tests --no-fail-fast
endif

judges: $(JUDGES)
$(JUDGES): tests/judges/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tests/judges/requirements.txt
	touch $@

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

deny:
	$(CARGO) deny --locked check licenses bans sources

## Figures: diagnosis on recorded incidents (when present), checks of answers, limping zones found, cold start, package size, time to
## the first message and to the first answer.
bench: bench-diagnosis bench-checks bench-gray-failure bench-cold-start bench-first-message bench-first-answer

bench-diagnosis:
	$(CARGO) bench --locked --package shared --no-default-features --bench diagnosis

## The checks of the agent's answers and redaction: adversarial, good and look-alike tables.
bench-checks:
	$(CARGO) test --locked --package shared --test answers --test redaction -- --nocapture --test-threads 1

bench-gray-failure:
	$(CARGO) bench --locked --package gray-failure --bench seeded -- --seed 5000 --worlds 24

# The package as it is deployed.
bench-cold-start: judges
	$(CARGO) build --locked --release --no-default-features --package alarm-analysis
	$(CARGO) build --locked --release --package empty-function
	$(VENV)/bin/python tests/bench/cold_start.py target/release/alarm-analysis target/release/empty-function

bench-first-message: judges release
	$(CARGO) build --locked --package cli
	$(VENV)/bin/python tests/bench/first_message.py target/debug/nightshift target/release/alarm-analysis \
		target/release/empty-function events/alarm-metric.json

bench-first-answer: release
	$(PYTHON) tests/bench/first_answer.py target/release/intake target/release/empty-function

release:
	$(CARGO) build --locked --release --package alarm-analysis
	$(CARGO) build --locked --release --package intake
	$(CARGO) build --locked --release --package empty-function

## Build all functions for arm64 and deploy with SAM (cargo-lambda and the SAM CLI have to be installed).
deploy:
	cargo lambda build --locked --release --arm64 --output-format zip --no-default-features $(FUNCTIONS)
	sam deploy --template-file infra/template.yaml --guided

clean:
	$(CARGO) clean
	rm -rf $(VENV)

# The two commands of the README are `make run` and `make test`. `make` alone lists the rest.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET)/release/switchboard
# What tests try: it is built together with them, as another profile would compile everything once more.
TRIED := $(TARGET)/debug/switchboard

# Where `make run` keeps its data and listens. `make run DATA=/tmp/demo LISTEN=127.0.0.1:8081`
DATA ?= data
LISTEN ?= 127.0.0.1:8080

# The flows that `make run` begins with; what else is in flows/ needs accounts that the sandbox has not.
DEMO_FLOWS := order-to-ticket no-reply-reminder crm-stage-to-message price-autoreply

# What `make bench` is told: --quick, --only runs,latency, --json FILE …
BENCH ?=

# What `make chaos` is told: --seed N, --minutes M, --json FILE.
CHAOS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench chaos acceptance fmt build ui ui-check ui-test journey flows tried lint doc deny api

help: ## Lists what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Starts the server and waits for its own word that it is ready; then a customer of the sandbox sends an order, and `play`
# tells what came of it. The server keeps serving until Ctrl-C, which the terminal sends to both of us.
define DEMO
set -eu
trap : INT
folder=$$(mktemp -d)
said="$$folder/said"
mkfifo "$$said"
(umask 077; mkdir -p "$$DATA/flows")
for name in $$DEMO_FLOWS; do
  test -e "$$DATA/flows/$$name.yaml" || cp "flows/$$name.yaml" "$$DATA/flows/"
done
"$$BIN" serve --sandbox --flows "$$DATA/flows" --data "$$DATA" --listen "$$LISTEN" --log warn > "$$said" &
server=$$!
trap 'kill "$$server" 2>/dev/null || :' TERM HUP EXIT
exec 3< "$$said"
rm -r "$$folder"
ready=no
while read -r line <&3; do
  echo "$$line"
  case "$$line" in "listening on "*) ready=yes; break ;; esac
done
if [ "$$ready" = no ]; then
  wait "$$server" || exit $$?
  exit 1
fi
echo
echo "A customer of the sandbox sends an order:"
echo
"$$BIN" play order --watch --data "$$DATA"
cat <<END

In a browser: http://$$LISTEN/ (the set-up link above makes the first admin)

Where to look next (in another terminal, in this folder):
  $$BIN run list --data $$DATA                       what flows did
  $$BIN run show ID --data $$DATA                    one run, step by step
  $$BIN play message "What is the price?" --data $$DATA   another customer
  $$BIN doctor --data $$DATA                         is everything as it should be?
  $$DATA/flows/                                 the flows that run: edit one, it is loaded at once
  flows/                                      more of them, to take from: flows/README.md lists all

Serving. Ctrl-C stops.
END
while kill -0 "$$server" 2>/dev/null; do wait "$$server" || :; done
trap - EXIT
endef
export DEMO BIN DATA LISTEN DEMO_FLOWS

run: build ## Builds, starts with simulated providers, plays one order, keeps serving
	@exec sh -c "$$DEMO"

test: tried ## Everything that must hold, on a machine with nothing but Rust, a C compiler and make
	$(CARGO) test --workspace --locked
	@$(MAKE) --no-print-directory flows ui-test journey

flows: tried ## Checks the flows that ship, and runs their tests in virtual time
	$(TRIED) check flows
	$(TRIED) test flows

check: lint doc deny test ui-check ## All of it: formatting, lints, documentation, dependencies, tests

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

# Links to private modules are wanted: the page is for whoever works on the code.
doc:
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --workspace --no-deps --document-private-items --locked

deny:
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --all-features check; \
	else echo "SKIPPED: licences and advisories, as cargo-deny is not here (cargo install cargo-deny --locked)"; fi

bench: build ## Measures what design budgets say, beside a floor measured in the same run. BENCH="--quick" for a look, --postgres for that database
	$(CARGO) run --release --locked -p tests --bin bench -- $(BENCH)

# The server under test is the release build; the tests around it need no optimising.
chaos: build ## Faults of every kind under load, for minutes, and one table. CHAOS="--seed N --minutes M --json FILE"
	CHAOS="$(CHAOS)" SWITCHBOARD_BIN=$(abspath $(BIN)) $(CARGO) test --locked -p tests --test all -- --ignored --nocapture --test-threads 1 chaos::for_as_long_as_one_wants
	CHAOS="$(CHAOS)" $(CARGO) test --locked -p engine --lib -- --ignored --nocapture simulation::for_as_long_as_one_wants

# A part that fails leaves its figures blank; nothing of an earlier run is taken.
acceptance: build ## What was promised beside what is measured now: acceptance.md and .json. BENCH="--quick" for a look
	@set -u; folder="$(abspath $(TARGET))/acceptance"; rm -rf "$$folder"; mkdir -p "$$folder"; \
	$(CARGO) run --release --locked -p tests --bin bench -- $(BENCH) --json "$$folder/bench.json" || :; \
	$(MAKE) --no-print-directory chaos CHAOS="$(or $(CHAOS),--minutes 2) --json $$folder/chaos.json" || :; \
	$(BIN) test flows --json > "$$folder/flows.json" || :; \
	$(CARGO) run --release --locked -p tests --bin acceptance -- "$$folder"

api: ## Writes down what the API takes and gives: web/ui/openapi.json; and the texts that the app translates
	$(CARGO) run --quiet --locked -p web -- schema --openapi > web/ui/openapi.json
	$(CARGO) run --quiet --locked -p web -- schema --texts > web/ui/src/server/catalog/texts.txt

fmt: ## Formats the code
	$(CARGO) fmt --all

# What the pages are made of; they are built again when one of these is newer than the build.
UI := web/ui
UI_STAMP := $(UI)/dist/.built
UI_SOURCES := $(shell find $(UI)/src $(UI)/public $(UI)/scripts -type f) $(wildcard $(UI)/*.json $(UI)/*.ts $(UI)/*.js $(UI)/*.html $(UI)/.npmrc)

ui: $(UI_STAMP) ## Builds the web app, with Node 20.19 or newer

# Installs anew only when what is to be installed changed.
$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json
	cd $(UI) && npm ci --no-audit --no-fund
	@touch $@

# Without Node, or without a way to its packages, the rest is built all the same: the server then says at / what is missing.
$(UI_STAMP): $(UI_SOURCES)
	@if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null; then \
	  echo "SKIPPED: the web app, as Node 20.19 or newer is not here. The server is built without its pages."; \
	elif ! $(MAKE) --no-print-directory $(UI)/node_modules/.package-lock.json; then \
	  echo "SKIPPED: the web app, as npm could not install its packages. The server is built without its pages."; \
	else (cd $(UI) && npm run --silent build) && touch $@; fi

# Lints, types, texts, tests and sizes of the web app.
ui-check: ui
	@if [ -e $(UI_STAMP) ]; then cd $(UI) && npm run --silent check; else echo "SKIPPED: the web app's checks, as it was not built."; fi

ui-test: ui
	@if [ -e $(UI_STAMP) ]; then cd $(UI) && npm run --silent test; else echo "SKIPPED: the web app's tests, as it was not built."; fi

# A newcomer's way through the real server in a real browser, then every page of it: axe, widths, the keyboard alone. Where it may, it installs Debian's Chromium.
CHROMIUM ?= /usr/bin/chromium
journey: tried
	@if [ ! -e $(UI_STAMP) ]; then echo "SKIPPED: the journey in the browser, as the web app was not built."; exit 0; fi; \
	if [ ! -x $(CHROMIUM) ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  (apt-get install -y -qq chromium || (apt-get update -qq && apt-get install -y -qq chromium)) >/dev/null 2>&1 || :; fi; \
	if [ ! -x $(CHROMIUM) ]; then echo "SKIPPED: the journey in the browser, as $(CHROMIUM) is not here (apt-get install chromium, or CHROMIUM=…)"; \
	else cd $(UI) && SWITCHBOARD_BIN=$(abspath $(TRIED)) CHROMIUM=$(CHROMIUM) npm run --silent journey; fi

build: ui
	$(CARGO) build --release --locked -p web

# Programs and tests by one command: by two, what only tests ask of the packages would compile them twice.
tried: ui
	$(CARGO) build --workspace --bins --tests --locked

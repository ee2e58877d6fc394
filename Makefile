# The commands of this project; `make help` lists them.

GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= .
COUNT    ?= 1
ROUNDS   ?= 5
FOR      ?= 1m
SEED     ?=
MANDIR   ?= bin/man
TESTFLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help build test check lint bench microbench fuzz soak man devenv

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/sluice
	$(GO) build -o bin/sluice .

# Those that take longest begin first. With the race detector each process sleeps
# for a second before it ends, unless told; debugging information only makes
# linking slower.
test: export GORACE ?= atexit_sleep_ms=20
test: ## run all tests, with the race detector
	$(GO) test -race -ldflags=-w -timeout 15m $(TESTFLAGS) ./test/e2e ./consolidator ./tui ./test/soak ./...

check: lint test ## what CI runs: lint and test

lint: ## gofumpt, go vet and staticcheck
	@out=$$($(GO) tool gofumpt -l .) && test -z "$$out" || { echo "not gofumpt-formatted, run: $(GO) tool gofumpt -w ." >&2; echo "$$out" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

bench: build ## compare the pump with libzmq and a relay, and measure the client (BENCH=regexp ROUNDS=5; BENCH=client)
	$(GO) run ./bench -sluice bin/sluice -rounds $(ROUNDS) -only '$(BENCH)'

microbench: ## run the Go benchmarks of the parts (BENCH=regexp COUNT=n)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./cluster/... ./proxy

fuzz: ## run each fuzz target for FUZZTIME (30s)
	@set -e; for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "fuzz $$p $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p; \
		done; \
	done

soak: build ## prove for a time FOR (1m) that readers get, or are told of, every record (SEED=n)
	$(GO) run ./soak -sluice bin/sluice -for $(FOR) $(if $(SEED),-seed $(SEED))

man: build ## write the manual pages of all commands into MANDIR (bin/man)
	bin/sluice man --out $(MANDIR)

devenv: build ## build, start a whole cluster on this machine and open the client on it
	bin/sluice devenv

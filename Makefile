# The commands of this project; `make help` lists them.

GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= .
COUNT    ?= 1
ROUNDS   ?= 5
SEED     ?=
MANDIR   ?= bin/man
TESTFLAGS ?=
DOCKER   ?= docker
IMAGE    ?= sluice:latest

.DEFAULT_GOAL := help
.PHONY: help build test peers check lint bench microbench fuzz soak man devenv release image

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What `sluice version` says. The Go command notes commit and date itself, except
# in a second worktree, or without a repository; so it is told.
STAMP = $(shell git rev-parse --git-dir >/dev/null 2>&1 && \
	echo "-X $(V).version=$$(git describe --tags 2>/dev/null) -X $(V).commit=$$(git rev-parse HEAD)" \
	"-X $(V).date=$$(git log -1 --format=%cI) -X $(V).dirty=$$(test -z "$$(git status --porcelain)" || echo true)")
V = sluice/cluster/version

build: ## build bin/sluice
	$(GO) build -ldflags '$(STAMP)' -o bin/sluice .

# With the race detector each process sleeps for a second before it ends, unless
# told; debugging information only makes linking slower.
test peers check: export GORACE ?= atexit_sleep_ms=20
GOTEST = $(GO) test -race -ldflags=-w -timeout 15m $(TESTFLAGS)

# What a test skips for want of something foreign it adds to a file of this run.
# So a package that skips never comes from the cache: its environment has changed.
# Many tests only wait: four packages, and eight tests in each, do it side by side.
define run
@list=$$(mktemp) && code=0 && { SLUICE_SKIPPED=$$list $(GOTEST) -p 4 -parallel 8 $(1) || code=$$?; } && \
sort -u "$$list" | awk -F '\t' -f internal/foreign/skipped.awk && \
{ test -z "$(LEFT)" || sort -u "$$list" > "$(LEFT)"; } && rm -f "$$list" && exit $$code
endef

longest = ./test/e2e ./consolidator ./tui ./test/soak # begin first

test: ## run all tests, with the race detector (LEFT=file: list there what is skipped)
	$(call run,$(longest) ./...)

# Whole packages, or of each only the tests that a list of skipped ones names.
peers: ## run the packages that have foreign peers (ONLY=file: the tests of that list; SLUICE_CI=1: a missing peer is a failure)
ifdef ONLY
	$(call run,-run "^($$(cut -f 2 '$(ONLY)' | sed 's|^[^.]*\.||; s|/.*||' | sort -u | paste -s -d '|' -))\$$" $$(cut -f 3 '$(ONLY)' | sort -u))
else
	$(call run,$$(grep -rlE 'foreign\.(Need|Have)\(|StartLibzmq\(' --include='*_test.go' . | xargs -n 1 dirname | sort -u))
endif

# A test that proves by volume begins with volume.Check. Where crowds and floods share the
# processors with what they measure, one package runs at a time; others mostly wait.
volume = grep -r$(1) 'volume\.Check' --include='*_test.go' --exclude-dir=volume
crowded = ./consolidator ./proxy ./proxy/web ./tui
by_volume = SLUICE_CHECK=1 $(GOTEST) -count=1 -p $(1) -run "^($$($(call volume,hB1) . | sed -n 's/^func \(Test[A-Za-z0-9]*\).*/\1/p' | paste -s -d '|' -))\$$" $(2)
check: FOR ?= 4m
check: build ## prove by volume for a time FOR (4m): crowds, floods, stalled readers, then a soak
	@began=$$(date +%s); code=0; \
	$(call by_volume,1,$(crowded)) || code=$$?; \
	$(call by_volume,2,$$($(call volume,l) . | xargs -n 1 dirname | sort -u | grep -vxF "$$(printf '%s\n' $(crowded))")) || code=$$?; \
	test $$code = 0 || exit $$code; \
	$(GO) run ./test/soak -sluice bin/sluice -for $(FOR) -began $$began $(if $(SEED),-seed $(SEED))

lint: ## gofumpt, go vet and staticcheck
	@out=$$($(GO) tool gofumpt -l .) && test -z "$$out" || { echo "not gofumpt-formatted, run: $(GO) tool gofumpt -w ." >&2; echo "$$out" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

bench: build ## compare the pump and the proxy with their peers, and measure the client (BENCH=regexp ROUNDS=5 GIGABYTES=1 DAYS=1; BENCH=client, BENCH=proxy)
	$(GO) run ./test/bench -sluice bin/sluice -rounds $(ROUNDS) -only '$(BENCH)' $(if $(GIGABYTES),-gigabytes $(GIGABYTES)) $(if $(DAYS),-days $(DAYS))

microbench: ## run the Go benchmarks of the parts (BENCH=regexp COUNT=n)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./cluster/... ./proxy/...

fuzz: ## run each fuzz target for FUZZTIME (30s)
	@set -e; for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "fuzz $$p $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p; \
		done; \
	done

soak: FOR ?= 1m
soak: build ## prove for a time FOR (1m) that readers get, or are told of, every record (SEED=n FAULTS="archive hangs partitions etcd", or all)
	$(GO) run ./test/soak -sluice bin/sluice -for $(FOR) $(if $(SEED),-seed $(SEED)) $(addprefix -,$(if $(filter all,$(FAULTS)),archive hangs partitions etcd,$(FAULTS)))

man: build ## write the manual pages of all commands into MANDIR (bin/man)
	bin/sluice man --out $(MANDIR)

# What git knows of the commit that is released or made an image of.
COMMIT  = $(shell git rev-parse HEAD)
DATE    = $(shell git log -1 --format=%cI)
VERSION = $(shell git describe --tags --match 'v*' 2>/dev/null)

release: ## build dist/: archives, Debian packages, checksums and SBOMs, the same bytes from the same commit
	@test -z "$$(git status --porcelain)" || { echo "a release is made of a commit: commit what has changed, or stash it" >&2; exit 1; }
	$(GO) run ./deploy/release -version '$(VERSION)' -commit $(COMMIT) -date $(DATE) -out dist
	@ls -l dist

image: ## build the container image IMAGE (sluice:latest) with DOCKER (docker)
	$(DOCKER) build --build-arg VERSION='$(VERSION)' --build-arg COMMIT=$(COMMIT) --build-arg DATE=$(DATE) -t $(IMAGE) .

devenv: build ## build, start a whole cluster on this machine and open the client on it
	bin/sluice devenv

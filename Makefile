# The commands of this repository. "make" lists them.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO ?= go
# More flags for "go test": make test GOTESTFLAGS=-race
GOTESTFLAGS ?=
# How long "make fuzz" spends on each target.
FUZZTIME ?= 10s

# Pinned, so that a new release of the linter changes nothing until somebody decides so.
GOLANGCI_LINT_VERSION := v2.15.0
# Tools live beside the sources, out of git's sight: a version on the PATH is somebody else's.
TOOLS := $(CURDIR)/.tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)

CROSS := linux/arm64 windows/amd64 darwin/arm64

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/infraopt
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/infraopt

.PHONY: install
install: ## install infraopt into Go's bin folder
	CGO_ENABLED=0 $(GO) install -trimpath ./cmd/infraopt

.PHONY: test
test: ## run the tests; those that need a real service skip without it (see testbed)
	$(GO) test -timeout 30m $(GOTESTFLAGS) ./...

.PHONY: race
race: ## run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race $(GOTESTFLAGS) ./...

.PHONY: bench
bench: ## run the benchmarks, and compare with lshw and ps where they are installed
	$(GO) test -run '^$$' -bench . -benchmem $(GOTESTFLAGS) ./...
	@if command -v lshw >/dev/null && [ -x /usr/bin/time ]; then .ci/bench; else echo "lshw or time is not installed: no comparison"; fi

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | \
	while IFS=: read -r file func; do \
		echo "== $${func#func } in $$(dirname "$$file")"; \
		$(GO) test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$$(dirname "$$file")" </dev/null || exit 1; \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## run the linters, the import table among them
	$(GOLANGCI_LINT) config verify
	$(GOLANGCI_LINT) run

$(GOLANGCI_LINT):
	mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@

.PHONY: tools
tools: $(GOLANGCI_LINT) ## install the linter

.PHONY: generate
generate: ## regenerate what is generated: schemas, tables, docs
	$(GO) generate ./...

.PHONY: cross
cross: ## build for the other platforms
	@for platform in $(CROSS); do \
		echo "== $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build ./... || exit 1; \
	done

.PHONY: testbed
testbed: ## start the services that integration tests talk to (as root)
	.ci/testbed up

.PHONY: testbed-down
testbed-down: ## stop what "make testbed" started
	.ci/testbed down

.PHONY: check
check: ## run everything that CI runs
	.ci/run

.PHONY: clean
clean: ## remove what was built, and the tools
	rm -rf bin dist .tools

# The commands of this project. `make` lists them.

PREFIX ?= /usr/local
DESTDIR ?=

binary = .build/release/ipsecdiag
sources = -r Sources Tests Package.swift
example = Examples/mlkem768-intermediate.pcap
# Listed among git's files, these would be build products or other people's captures.
unwanted = (^|/)\.build|(^|/)Package\.resolved$$|^captures/|\.(o|d|swiftmodule|profraw)$$

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run build test pairs lint format man completions bench bench-sweep bench-esp bench-live lab install \
	clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

run: build ## build, then decode a capture of Examples
	@$(binary) decode -r $(example)

build: ## install what the build needs, build the release
	@scripts/setup
	@swift build -c release --static-swift-stdlib -Xlinker -s --product ipsecdiag >&2

test: ## install what the tests need, run them all
	@scripts/setup --test
	@swift test --disable-xctest

pairs: ## run 10,000 pairs of IKE sessions over lossy links, in virtual time
	@scripts/setup --test
	@IPSECDIAG_PAIR_RUNS=10000 swift test --disable-xctest \
		--filter 'LossyPairTests|RandomRekeyTests'

lint: ## check format, generated files and what git tracks
	swift format lint --strict $(sources)
	scripts/generate-registries --check
	scripts/generate-man --check
	@if git ls-files | grep -E '$(unwanted)'; then \
	  echo 'error: these files must not be tracked' >&2; exit 1; fi

format: ## format all Swift sources
	swift format -i $(sources)

man: ## write the manual pages from the command line's description
	scripts/generate-man

completions: ## write the completions for bash, zsh and fish
	@swift build --product ipsecdiag >&2
	@mkdir -p completions
	.build/debug/ipsecdiag --generate-completion-script bash >completions/ipsecdiag.bash
	.build/debug/ipsecdiag --generate-completion-script zsh >completions/_ipsecdiag
	.build/debug/ipsecdiag --generate-completion-script fish >completions/ipsecdiag.fish

bench: ## measure against libpcap, tcpdump, tshark, OpenSSL, ike-scan; fails where a bar is missed
	@scripts/setup --bench
	@status=0; for bench in bench sweep esp; do Benchmarks/$$bench || status=1; done; exit $$status

bench-sweep: ## measure probe --sweep against ike-scan alone; fails where a bar is missed
	@scripts/setup --bench
	@Benchmarks/sweep

bench-esp: ## measure ESP against openssl speed alone; fails where a bar is missed
	@scripts/setup --bench
	@Benchmarks/esp

bench-live: ## measure what live captures of 200,000 packets/s lose; fails where a bar is missed; as root
	@scripts/setup --bench
	@Benchmarks/live

lab: ## probe strongSwan and libreswan, set up SAs with them, check them live; fails where a bar is missed; as root
	@scripts/setup --lab
	@[ -x $(binary) ] || $(MAKE) build
	@swift build --product ike-peer >&2
	@swift build --product esp-peer >&2
	@swift build --product state-reader >&2
	@Tests/Lab/probe $(binary)
	@Tests/Lab/sa
	@Tests/Lab/sa-in-kernel
	@Tests/Lab/esp
	@Tests/Lab/kernel-state
	@Tests/Lab/ikev1
	@Tests/Lab/mtu $(binary)
	@Tests/Lab/inner $(binary)
	@Tests/Lab/dpd $(binary)
	@Tests/Lab/ping -- $(binary)
	@Tests/Lab/respond --program $(binary)
	@Tests/Lab/profiles $(binary)
	@Tests/Lab/in-kernel -t 3600 /usr/bin/python3 Tests/Lab/handshake -- $(abspath $(binary))

install: ## install what `make build` built below $(DESTDIR)$(PREFIX)
	@[ -x $(binary) ] || $(MAKE) build
	install -v -D -m 755 $(binary) "$(DESTDIR)$(PREFIX)/bin/ipsecdiag"
	@for page in man/*.[1-8]; do [ ! -e "$$page" ] || install -v -D -m 644 "$$page" \
	  "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}"; done
	@[ ! -e completions/ipsecdiag.bash ] || install -v -D -m 644 completions/ipsecdiag.bash \
	  "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ipsecdiag"
	@[ ! -e completions/_ipsecdiag ] || install -v -D -m 644 completions/_ipsecdiag \
	  "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ipsecdiag"
	@[ ! -e completions/ipsecdiag.fish ] || install -v -D -m 644 completions/ipsecdiag.fish \
	  "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ipsecdiag.fish"

clean: ## remove what was built
	swift package clean

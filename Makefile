# Every target works on a fresh Debian machine with Rust, Node and Python: what else it needs it puts below local/ or benches/.run.
.DEFAULT_GOAL := help
.PHONY: help demo e2e local test drill vectors fuzz bench check audit build dist deploy invoke sam-local sam-validate

EVENT ?= events/http-v2-healthz.json
NAME ?= rendergate
SAM ?= RemotionFunctionName=remotion-render-4-0-527-mem2048mb-disk2048mb-120sec RemotionBucket=remotionlambda-useast1-abcdefghij DestinationBucket=videos

export PATH := $(CURDIR)/local/.tools/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

help:
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

demo: ## render a real video on this machine, over HTTP, and copy it to a second bucket
	local/setup.sh all
	cargo build --locked --bin rendergate
	local/.runtime/venv/bin/python local/demo.py target/debug/rendergate

e2e: ## everything end to end: the real function and browser behind the real server
	local/setup.sh all
	cargo build --locked --bin rendergate
	local/.runtime/venv/bin/python local/e2e.py target/debug/rendergate $(CASES)

local: ## the demo's servers, left running to try things
	local/setup.sh all
	cargo build --locked --bin rendergate
	local/.runtime/venv/bin/python local/demo.py --keep target/debug/rendergate

test: ## all tests
	local/setup.sh moto
	local/tools.sh cargo-lambda
	cargo test --locked

drill: ## ORDERS=10000 through workers that are killed, with AWS failing at random; prints what came of them
	local/setup.sh moto
	RENDERGATE_DRILL=$(or $(ORDERS),10000) cargo test --locked --test it drill:: -- --nocapture

vectors: ## replay the official client's 602 recorded calls, and print what came of each
	local/setup.sh moto
	cargo test --locked --test it vectors:: -- --nocapture

fuzz: ## feed what others send with what nobody sends, SECONDS_EACH=20 per target
	fuzz/run

bench: ## beside Node, Python and a bare Invoke; ONLY=cold,warm,server,growth,copy,size,callgrind QUICK=1 WRITE=docs/PERFORMANCE.md
	benches/run $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(if $(WRITE),--write $(WRITE))

check: sam-validate ## format, lints, docs, dependencies, template
	local/tools.sh cargo-deny
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
	cargo deny --locked check bans licenses sources

audit: ## check, and known vulnerabilities (from the network)
	local/tools.sh cargo-deny
	cargo deny --locked check

build: ## the command and server: target/server/rendergate
	cargo build --locked --profile server --bin rendergate

dist: ## zips for Lambda: dist/rendergate-{api,worker}-<arch>.zip
	local/dist.sh

deploy: ## the Lambda function NAME with cargo-lambda; DEPLOY='--iam-role … --env-var …'
	local/tools.sh cargo-lambda arm64
	cargo lambda build --locked --arm64
	cargo lambda deploy $(DEPLOY) $(NAME)

invoke: ## the Lambda program answers EVENT=events/….json
	@local/invoke.sh $(EVENT)

sam-local: ## the same in SAM's container (needs Docker that runs ARM programs, and your AWS keys)
	local/tools.sh cargo-lambda sam arm64
	sam build --beta-features
	sam local invoke ApiFunction --event $(EVENT) --parameter-overrides $(SAM)

sam-validate: ## lint template.yaml
	local/tools.sh sam
	sam validate --lint

# The whole interface to building, testing and running Merlon. Every verb first installs what it
# needs from Debian's packages (tools/install); that does nothing when all of it is there.

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 10
# The scenarios, several files at a time: they wait for servers more than they work.
SCENARIOS = /usr/bin/python3 -m pytest -q -p no:cacheprovider -rs -n $(shell expr $(JOBS) + 1) --dist loadfile

.PHONY: run build test check lint cover asan fuzz random faults chaos bench fmt man tsan clean install install-tests
.DEFAULT_GOAL := build

install:
	@tools/install

install-tests:
	@tools/install tests

build: install          ## the program, as build/release/merlon
	cmake --preset release
	cmake --build --preset release --target merlon -- -j$(JOBS)

run: build              ## builds and starts the quick start, and prints three requests to try
	@tools/run

test: install-tests         ## every test: units, then scenarios against the binary
	cmake --preset dev
	cmake --build --preset dev -- -j$(JOBS)
	ctest --test-dir build/dev --output-on-failure -j$(JOBS)
	MERLON=build/dev/merlon $(SCENARIOS) tests/scenario

check: install-tests        ## what CI runs: format, tests, lint of what changed, ASan+UBSan, all fuzz targets
	tools/check-format
	$(MAKE) test
	tools/lint
	$(MAKE) asan
	tools/fuzz-all $(FUZZ_SECONDS)

lint: install           ## clang-tidy on every file
	cmake --preset dev
	cmake --build --preset dev -- -j$(JOBS)
	tools/lint --all

cover: install-tests        ## which lines the tests reach, by folder; fails where too few
	cmake --preset cover
	cmake --build --preset cover -- -j$(JOBS)
	tools/cover

asan: install-tests         ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	cmake --preset asan
	cmake --build --preset asan -- -j$(JOBS)
	ctest --test-dir build/asan --output-on-failure -j$(JOBS)
	MERLON=build/asan/merlon $(SCENARIOS) tests/scenario

tsan: install-tests         ## units under ThreadSanitizer, then the scenarios with many threads in them
	cmake --preset tsan
	cmake --build --preset tsan -- -j$(JOBS)
	ctest --test-dir build/tsan --output-on-failure -j$(JOBS)
	MERLON=build/tsan/merlon $(SCENARIOS) \
	  $(addprefix tests/scenario/test_,proxy.py revocation.py operations.py register_login_logout.py \
	    rate_limits.py reload_under_load.py products.py orders.py)

bench:                  ## beside HAProxy, nginx, Express and a raw relay, in one run: make bench [ROWS=proxy,tls]
	@tools/install bench
	cmake --preset release
	cmake --build --preset release -- -j$(JOBS) merlon bench_load bench_floor bench_fill limiter_bench revocations_bench test_machine
	/usr/bin/python3 bench/run.py $(ROWS)

fuzz: install           ## one fuzz target for as long as you let it: make fuzz TARGET=head_fuzz
	cmake --preset asan
	cmake --build --preset asan --target $(TARGET)
	tools/fuzz-one $(TARGET)

random: install-tests       ## a campaign of random and mutated requests: make random [SEED=7] [COUNT=1000000]
	cmake --preset dev
	cmake --build --preset dev --target merlon -- -j$(JOBS)
	MERLON=$${MERLON:-build/dev/merlon} MERLON_RANDOM_SEED=$(SEED) MERLON_RANDOM_COUNT=$(or $(COUNT),1000000) \
	  /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/scenario/test_random_requests.py

faults: install-tests       ## kill -9 and power cuts under load: make faults [SEED=7] [COUNT=200]
	cmake --preset dev
	cmake --build --preset dev --target merlon test_machine -- -j$(JOBS)
	MERLON=$${MERLON:-build/dev/merlon} MERLON_FAULTS_SEED=$(SEED) MERLON_FAULTS_COUNT=$(or $(COUNT),200) \
	  /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/scenario/test_kill_campaign.py

chaos: install-tests        ## an installation of many processes under faults at random: make chaos [SEED=7] [KILLS=500]
	cmake --preset release
	cmake --build --preset release --target merlon -- -j$(JOBS)
	MERLON=$${MERLON:-build/release/merlon} MERLON_CHAOS_SEED=$(SEED) MERLON_CHAOS_KILLS=$(or $(KILLS),500) \
	  /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/scenario/test_chaos.py

fmt: install            ## formats every source file
	git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

man: install              ## writes the manual page anew, from the command line's description
	cmake --preset dev
	cmake --build --preset dev --target merlon -- -j$(JOBS)
	build/dev/merlon man > docs/man/merlon.1

clean:
	rm -rf build

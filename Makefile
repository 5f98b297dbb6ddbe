# The whole interface to building, testing and running Merlon. Every verb first installs what it
# needs from Debian's packages (tools/install); that does nothing when all of it is there.

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 10
# The scenarios, several files at a time: they wait for servers more than they work.
SCENARIOS = /usr/bin/python3 -m pytest -q -n $(shell expr $(JOBS) \* 2) --dist loadfile
# Each part of a verb is timed, and the verb ends with their minutes.
PARTS = @tools/timed $@ $(MAKE) --no-print-directory
define built  # preset, name of the part, targets (none: all)
	cmake --preset $(1)
	tools/timed "$(2)" cmake --build --preset $(1) $(if $(3),--target $(3)) -- -j$(JOBS)
endef
# What of the development build `make check` needs: the program, and the unit tests that find something there which the
# sanitizers hide (frames that are kept for the next coroutine).
CHECKED_IN_DEV = merlon test_machine base_test

.PHONY: run build test check check-all lint cover asan fuzz random faults chaos bench fmt man tsan clean install install-tests \
        test-parts check-parts check-all-parts asan-parts
.DEFAULT_GOAL := build

install:
	@tools/install

install-tests:
	@tools/install tests

build: install          ## the program, as build/release/merlon
	@[ -e build/release/merlon ] || echo "The first build compiles some 250 files: about 10 minutes on two cores. Each line below counts one."
	cmake --preset release
	cmake --build --preset release --target merlon -- -j$(JOBS)

run: build              ## builds and starts the quick start, and prints three requests to try
	@tools/run

test: install-tests         ## every test: units, then scenarios against the binary
	$(PARTS) test-parts

test-parts:
	$(call built,dev,build)
	tools/timed units ctest --test-dir build/dev --output-on-failure -j$(JOBS)
	MERLON=build/dev/merlon tools/timed scenarios $(SCENARIOS) tests/scenario

check: install-tests        ## what CI runs: format, each test in the build that can find something new, lint of what changed, fuzz
	$(PARTS) check-parts

check-parts:
	tools/timed format tools/check-format
	$(call built,dev,build,$(CHECKED_IN_DEV))
	tools/timed units ctest --test-dir build/dev --output-on-failure -j$(JOBS) -R '^(tidy|tidy_self_test|corpora|base)$$'
	MERLON=build/dev/merlon tools/timed scenarios $(SCENARIOS) --build=dev tests/scenario
	tools/timed lint tools/lint
	$(call built,asan,asan build)
	tools/timed "asan units" ctest --test-dir build/asan --output-on-failure -j$(JOBS)
	MERLON=build/asan/merlon tools/timed "asan scenarios" $(SCENARIOS) --build=asan tests/scenario
	tools/timed fuzz tools/fuzz-all $(FUZZ_SECONDS)

check-all: install-tests    ## every test in the development build and under ASan+UBSan, lint of every file, fuzz
	$(PARTS) check-all-parts

check-all-parts:
	tools/timed format tools/check-format
	@$(MAKE) --no-print-directory test-parts
	tools/timed lint tools/lint --all
	@$(MAKE) --no-print-directory asan-parts
	tools/timed fuzz tools/fuzz-all $(FUZZ_SECONDS)

lint: install           ## clang-tidy on every file
	cmake --preset dev
	cmake --build --preset dev -- -j$(JOBS)
	tools/lint --all

cover: install-tests        ## which lines the tests reach, by folder; fails where too few
	cmake --preset cover
	cmake --build --preset cover -- -j$(JOBS)
	tools/cover

asan: install-tests         ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	$(PARTS) asan-parts

asan-parts:
	$(call built,asan,asan build)
	tools/timed "asan units" ctest --test-dir build/asan --output-on-failure -j$(JOBS)
	MERLON=build/asan/merlon tools/timed "asan scenarios" $(SCENARIOS) tests/scenario

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
	  /usr/bin/python3 -m pytest -q -s tests/scenario/test_random_requests.py

faults: install-tests       ## kill -9 and power cuts under load: make faults [SEED=7] [COUNT=200]
	cmake --preset dev
	cmake --build --preset dev --target merlon test_machine -- -j$(JOBS)
	MERLON=$${MERLON:-build/dev/merlon} MERLON_FAULTS_SEED=$(SEED) MERLON_FAULTS_COUNT=$(or $(COUNT),200) \
	  /usr/bin/python3 -m pytest -q -s tests/scenario/test_kill_campaign.py

chaos: install-tests        ## an installation of many processes under faults at random: make chaos [SEED=7] [KILLS=500]
	cmake --preset release
	cmake --build --preset release --target merlon -- -j$(JOBS)
	MERLON=$${MERLON:-build/release/merlon} MERLON_CHAOS_SEED=$(SEED) MERLON_CHAOS_KILLS=$(or $(KILLS),500) \
	  /usr/bin/python3 -m pytest -q -s tests/scenario/test_chaos.py

fmt: install            ## formats every source file
	git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

man: install              ## writes the manual page anew, from the command line's description
	cmake --preset dev
	cmake --build --preset dev --target merlon -- -j$(JOBS)
	build/dev/merlon man > docs/man/merlon.1

clean:
	rm -rf build

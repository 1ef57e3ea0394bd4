# Portico's build.  `make help` lists what there is to do.
#
# Three builds of the same sources: release (hardened, what is installed) under build/release, check
# (AddressSanitizer, UndefinedBehaviorSanitizer) under build/check, which the tests use, and thread
# (ThreadSanitizer) under build/thread, which check-all adds.
# Which folders an executable links stands in tools/layers and nowhere else.

BUILD := build
ifeq ($(origin CC),default)
CC := gcc
endif
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion -Werror
BASE_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Isrc -Itools -I$(BUILD) $(WARN) -g -fno-omit-frame-pointer
release_CFLAGS := $(BASE_CFLAGS) -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
	-ffunction-sections -fdata-sections
release_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--gc-sections
check_CFLAGS := $(BASE_CFLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
check_LDFLAGS := -fsanitize=address,undefined
thread_CFLAGS := $(BASE_CFLAGS) -O1 -fsanitize=thread
thread_LDFLAGS := -fsanitize=thread
BUILDS := release check thread
LIBS := -lssl -lcrypto -lsqlite3 -lpcre2-8 -lcares -ldeflate -lyaml -lseccomp -larchive -lm -lpthread

FOLDERS := $(shell sed -n 's/^folder \([a-z]*\):.*/\1/p' tools/layers)
PROCESSES := $(shell sed -n 's/^process \([a-z]*\):.*/\1/p' tools/layers)
MODELS := $(sort $(wildcard models/*.model))
GENERATED := $(MODELS:models/%.model=$(BUILD)/generated/%.c) $(BUILD)/generated/services.c

SOURCES := $(wildcard src/*/*.c src/*/*/*.c)
LIBRARY := $(filter-out src/process/%.c,$(SOURCES))
UNIT := $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c tests/unit/*/*/test_*.c)
FUZZ := $(wildcard tests/fuzz/fuzz_*.c)

folder_sources = $(wildcard src/$(1)/*.c src/$(1)/*/*.c)
process_folders = $(shell sed -n 's/^process $(1)://p' tools/layers)

.PHONY: all help setup run check check-build check-tests check-fast check-all unit fuzz-seeds fuzz bench format \
	check-source check-layers install clean thread
.DEFAULT_GOAL := all
.SECONDARY:

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

# ---- objects -----------------------------------------------------------------------------------
define build_rules
$(BUILD)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo 'cc $(1) $$<'; $$(CC) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@
$(BUILD)/$(1)/generated/%.o: $(BUILD)/generated/%.c
	@mkdir -p $$(@D)
	@echo 'cc $(1) $$<'; $$(CC) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@
$(1)_LIBRARY := $$(LIBRARY:%.c=$(BUILD)/$(1)/%.o) $$(GENERATED:$(BUILD)/%.c=$(BUILD)/$(1)/%.o)
$(BUILD)/$(1)/libportico.a: $$($(1)_LIBRARY)
	@rm -f $$@
	@ar qcs $$@ $$^
-include $$(shell find $(BUILD)/$(1) -name '*.d' 2>/dev/null)
endef
$(foreach build,$(BUILDS),$(eval $(call build_rules,$(build))))

include tools/build.mk

# ---- tests -------------------------------------------------------------------------------------
UNIT_BIN := $(UNIT:%.c=$(BUILD)/check/%)
$(UNIT_BIN): $(BUILD)/check/%: $(BUILD)/check/%.o $(BUILD)/check/libportico.a
	@echo 'ld $@'; $(CC) $(check_LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -lcmocka -o $@

unit: $(UNIT_BIN) ## the unit tests, under AddressSanitizer and UBSan
	tests/run $(UNIT_BIN)

# A fuzz target is a plain function; here it replays its seeds and past crashes.
FUZZ_BIN := $(FUZZ:%.c=$(BUILD)/check/%)
$(FUZZ_BIN): $(BUILD)/check/%: $(BUILD)/check/%.o $(BUILD)/check/tests/fuzz/replay.o \
		$(BUILD)/check/libportico.a
	@echo 'ld $@'; $(CC) $(check_LDFLAGS) $^ $(LIBS) -o $@

check-fast: check-source check-layers check-coverage all $(UNIT_BIN) $(FUZZ_BIN) ## what must pass before a commit
	tests/run $(UNIT_BIN) $(FUZZ_BIN)

# Installs first, in a make of its own: what is missing may be what the next one needs.
setup: ## installs what is missing (apt)
	@tools/setup

run: ## installs what is missing, builds, and starts Portico with the example (PORT=, DATA=)
	@PORT='$(PORT)' DATA='$(DATA)' tools/run

check: ## installs what is missing and runs every test
	@tools/setup tests
	@$(MAKE) --no-print-directory -j2 check-build
	@$(MAKE) --no-print-directory check-tests

INSTRUCTIONS := $(BUILD)/bench/instructions

# What drives Portico from outside is built without sanitizers: it is not what is tested.
$(BUILD)/release/tests/fault/load: $(BUILD)/release/tests/fault/load.o
	@echo 'ld $@'; $(CC) $(release_LDFLAGS) $^ -lpthread -o $@

check-build: all check-bin $(UNIT_BIN) $(FUZZ_BIN) $(RUNNER) $(INSTRUCTIONS) $(BUILD)/release/tests/fault/load

# Each folder is one comparison with real clients or other implementations; node is no test.
COMPAT := tests/compat/run $(filter-out tests/compat/node/run,$(wildcard tests/compat/*/run))
COMPAT += tests/fault/functions

check-tests: check-source check-layers check-coverage
	tests/run $(UNIT_BIN) $(FUZZ_BIN) tests/scenario/run $(COMPAT) \
		tests/bench/engines/instructions tests/bench/instructions/run \
		tests/up/run tests/install/run tests/fault/run tests/fault/traffic

# The tests of what several threads touch, under ThreadSanitizer.
THREAD_BIN := $(patsubst %.c,$(BUILD)/thread/%,$(wildcard $(addprefix tests/unit/,base/test_log.c \
	control/test_lambda.c link/*.c snapshot/*.c gateway/*.c net/*.c store/*.c)))
$(THREAD_BIN): $(BUILD)/thread/%: $(BUILD)/thread/%.o $(BUILD)/thread/libportico.a
	@echo 'ld $@'; $(CC) $(thread_LDFLAGS) $^ $(LIBS) -lcmocka -o $@

thread: thread-bin $(THREAD_BIN) $(RUNNER) ## what threads share, under ThreadSanitizer
	tests/run $(THREAD_BIN) tests/scenario/threads

check-all: check thread ## check, ThreadSanitizer, and 200 rounds of kill -9 during writes
	ROUNDS=200 tests/run tests/fault/run

$(BUILD)/bench/backend: tests/bench/backend.c $(BUILD)/release/folders/base.a
	@mkdir -p $(@D)
	@echo 'ld $@'; $(CC) $(BASE_CFLAGS) -O2 $^ -o $@

# Gateway, client and backend on one thread, for callgrind to count.
$(INSTRUCTIONS): $(BUILD)/release/tests/bench/instructions/instructions.o \
		$(BUILD)/release/libportico.a
	@mkdir -p $(@D)
	@echo 'ld $@'; $(CC) $(release_LDFLAGS) $^ $(LIBS) -o $@

bench: all $(BUILD)/bench/backend ## CPU per request against nginx and haproxy, and the engines against others, in interleaved rounds
	tests/bench/run
	tests/bench/engines/run

check-source: ## lengths, complexity, banned calls
	@tools/check-source

check-layers: ## which folder includes which
	@tools/check-layers

format: ## clang-format over all sources
	clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h')

clean: ## removes build/
	rm -rf $(BUILD)

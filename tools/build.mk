# Executables, and where they are installed.  Included by the Makefile.
#
# Each folder of src/ is an archive of its own; an executable is linked from the archives that
# tools/layers names for its process and from nothing else, so a call into a folder that is not
# its business does not link.  tools/check-layers looks at the result once more.

VERSION := 0.1
PREFIX ?= /usr/local
EXECUTABLES := portico portico-gateway portico-control portico-host sandbox-init

process_libraries = $(patsubst %,-l%,$(shell sed -n 's/^libraries $(1)://p' tools/layers))
process_main = $(if $(filter portico,$(1)),src/main,src/process/$(1))

release_BIN := $(BUILD)
check_BIN := $(BUILD)/check/bin
thread_BIN := $(BUILD)/thread/bin

# $(1) the build, $(2) the folder
define folder_rules
$(BUILD)/$(1)/folders/$(2).a: $$(patsubst %.c,$(BUILD)/$(1)/%.o,$$(call folder_sources,$(2))) \
		$(if $(filter control,$(2)),$$(GENERATED:$(BUILD)/%.c=$(BUILD)/$(1)/%.o))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar qcs $$@ $$^
endef
$(foreach build,$(BUILDS),$(foreach folder,$(FOLDERS),\
	$(eval $(call folder_rules,$(build),$(folder)))))

# $(1) the build, $(2) the process, $(3) the executable's name
define executable_rules
$($(1)_BIN)/$(3): $(BUILD)/$(1)/$(call process_main,$(2)).o \
		$(patsubst %,$(BUILD)/$(1)/folders/%.a,$(call process_folders,$(2)))
	@mkdir -p $$(@D)
	@echo 'ld $$@'; $$(CC) $$($(1)_LDFLAGS) $$(firstword $$^) -Wl,--start-group \
		$$(filter %.a,$$^) -Wl,--end-group -Wl,--as-needed $(call process_libraries,$(2)) \
		-Wl,-Map=$(BUILD)/$(1)/$(3).map -o $$@
endef
$(foreach build,$(BUILDS),$(eval $(call executable_rules,$(build),portico,portico)))
$(foreach build,$(BUILDS),$(foreach process,gateway control host,\
	$(eval $(call executable_rules,$(build),$(process),portico-$(process)))))

# The first process in a sandbox, and what is mounted into it.  sandbox-init is static, and the same
# in all builds: it starts with every instance, and a sanitizer would not survive its limits.
$(foreach build,$(BUILDS),$($(build)_BIN)/sandbox-init): \
		$(BUILD)/release/src/process/sandbox_init.o
	@mkdir -p $(@D)
	@echo 'ld $@'; $(CC) -static -Wl,--gc-sections $< -o $@

RUNTIMES := $(wildcard runtimes/*/*)
$(foreach build,$(BUILDS),$(addprefix $($(build)_BIN)/,$(RUNTIMES))): 
	@install -d -m 755 $(@D)
	@install -m 644 $< $@
$(foreach build,$(BUILDS),$(foreach file,$(RUNTIMES),$(eval $($(build)_BIN)/$(file): $(file))))

all: $(RUNTIMES:%=$(release_BIN)/%)
check-bin: $(RUNTIMES:%=$(check_BIN)/%)

all: $(EXECUTABLES:%=$(release_BIN)/%) $(BUILD)/release/libportico.a ## the executables

check-bin: $(EXECUTABLES:%=$(check_BIN)/%) ## the same under AddressSanitizer and UBSan
thread-bin: $(RUNTIMES:%=$(thread_BIN)/%) $(EXECUTABLES:%=$(thread_BIN)/%)

# Written again only when it changes, so that a commit relinks one file.
$(BUILD)/generated/version.h: always
	@mkdir -p $(@D)
	@{ echo '/* Made by tools/build.mk. */'; \
	   echo '#define PORTICO_VERSION "$(VERSION)"'; \
	   echo "#define PORTICO_COMMIT \"$$(git rev-parse --short HEAD 2>/dev/null || echo unknown)\""; \
	} >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILDS:%=$(BUILD)/%/src/main.o): $(BUILD)/generated/version.h

.PHONY: always check-bin thread-bin

install: all ## PREFIX=/usr/local, DESTDIR=
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/portico
	install -m 755 $(release_BIN)/portico $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(filter-out %/portico,$(EXECUTABLES:%=$(release_BIN)/%)) \
		$(DESTDIR)$(PREFIX)/libexec/portico
	cd $(release_BIN) && for file in $(RUNTIMES); do \
		install -D -m 644 $$file $(DESTDIR)$(PREFIX)/libexec/portico/$$file; done

# The tests of real instances share a rig, and start the host of the check build.
HOST_TESTS := $(patsubst %,$(BUILD)/check/tests/unit/host/test_%,instance node package python)
$(HOST_TESTS): $(BUILD)/check/tests/unit/host/host_rig.o $(BUILD)/check/tests/unit/host/zip.o
$(HOST_TESTS): | $(check_BIN)/portico-host $(check_BIN)/sandbox-init $(RUNTIMES:%=$(check_BIN)/%)

# ---- models ------------------------------------------------------------------------------------
# modelgen turns models/NAME.model into build/generated/NAME.c and docs/manual/coverage.md.
MODELGEN := $(BUILD)/modelgen
MODELGEN_SOURCES := $(filter-out %/main.c,$(wildcard tools/modelgen/*.c))

$(MODELGEN): $(BUILD)/release/tools/modelgen/main.o $(MODELGEN_SOURCES:%.c=$(BUILD)/release/%.o) \
		$(BUILD)/release/src/control/model_find.o $(BUILD)/release/folders/base.a
	@echo 'ld $@'; $(CC) $(release_LDFLAGS) $^ -lpcre2-8 -lm -lpthread -o $@

$(BUILD)/generated/services.c: $(MODELS) $(MODELGEN)
	@mkdir -p $(@D)
	@$(MODELGEN) services $(MODELS) >$@.new && mv $@.new $@

$(MODELS:models/%.model=$(BUILD)/generated/%.c): $(BUILD)/generated/%.c: models/%.model $(MODELGEN)
	@mkdir -p $(@D)
	@echo 'model $<'; $(MODELGEN) tables $< >$@.new && mv $@.new $@

# The unit tests and fuzz targets of modelgen link its parts.
$(BUILD)/check/libportico.a: $(MODELGEN_SOURCES:%.c=$(BUILD)/check/%.o)

coverage: $(MODELGEN) ## writes docs/manual/coverage.md from the models
	@mkdir -p docs/manual
	$(MODELGEN) coverage $(MODELS) >docs/manual/coverage.md

check-coverage: $(MODELGEN)
	@$(MODELGEN) coverage $(MODELS) | cmp -s - docs/manual/coverage.md || \
		{ echo 'docs/manual/coverage.md is out of date: make coverage'; exit 1; }

.PHONY: coverage check-coverage

# ---- scenarios ---------------------------------------------------------------------------------
RUNNER := $(BUILD)/check/tests/scenario/runner
$(RUNNER): $(patsubst %.c,$(BUILD)/check/%.o,$(wildcard tests/scenario/*.c)) \
		$(BUILD)/check/libportico.a
	@echo 'ld $@'; $(CC) $(check_LDFLAGS) $^ $(LIBS) -o $@

# Played against the build under AddressSanitizer: its faults end the server, and that is a failure.
scenario: $(RUNNER) check-bin ## behaviour as data, against a real Portico
	tests/scenario/run

# ---- fuzzing -----------------------------------------------------------------------------------
# A build of its own, by clang with libFuzzer.  Findings go to build/fuzz/NAME/; each becomes a seed.
FUZZ_SECONDS ?= 60
FUZZ_MAKE := $(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang WARN=-w \
	check_CFLAGS='-std=gnu17 -D_GNU_SOURCE -Isrc -Itools -I$(BUILD)/fuzz -w -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' \
	release_LDFLAGS=

fuzz: ## every parser under libFuzzer (FUZZ_SECONDS=60 each; TARGET=NAME for one)
	@$(FUZZ_MAKE) $(BUILD)/fuzz/check/libportico.a $(FUZZ:%.c=$(BUILD)/fuzz/check/%.o)
	@for name in $(or $(TARGET),$(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ))); do \
		mkdir -p $(BUILD)/fuzz/$$name/corpus; \
		clang -fsanitize=fuzzer,address,undefined $(BUILD)/fuzz/check/tests/fuzz/fuzz_$$name.o \
			$(BUILD)/fuzz/check/libportico.a $(LIBS) -o $(BUILD)/fuzz/$$name/run || exit 1; \
		echo "fuzzing $$name for $(FUZZ_SECONDS) s"; \
		$(BUILD)/fuzz/$$name/run -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=0 -verbosity=0 \
			-artifact_prefix=$(BUILD)/fuzz/$$name/ $(BUILD)/fuzz/$$name/corpus \
			tests/fuzz/seeds/$$name || { echo "$$name: see $(BUILD)/fuzz/$$name/"; exit 1; }; \
	done

# ---- functions -----------------------------------------------------------------------------------
$(BUILD)/release/tests/bench/pingpong: $(BUILD)/release/tests/bench/pingpong.o
	@echo 'ld $@'; $(CC) $(release_LDFLAGS) $^ -o $@

.PHONY: bench-functions
bench: bench-functions
bench-functions: all $(BUILD)/release/tests/bench/pingpong ## functions against a bare ping-pong
	tests/bench/lambda

.PHONY: thread-functions
thread: thread-functions
thread-functions: $(BUILD)/thread/tests/unit/lambda/test_threads
	tests/run $^
$(BUILD)/thread/tests/unit/lambda/%: $(BUILD)/thread/tests/unit/lambda/%.o $(BUILD)/thread/libportico.a
	@echo 'ld $@'; $(CC) $(thread_LDFLAGS) $^ $(LIBS) -lcmocka -o $@

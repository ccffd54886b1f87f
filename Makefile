# PBGen: `make` builds the tools, `make test` the tests.  `make help` lists the rest.
#
#   BUILD=release|debug|asan|ubsan|tsan   OPENMP=1|0   CXX=g++|clang++

BUILD ?= release
OPENMP ?= 1
ifeq ($(origin CXX),default)
  CXX := $(if $(filter tsan,$(BUILD)),clang++,g++)
endif

is_clang := $(findstring clang,$(shell $(CXX) --version 2>/dev/null | head -n 1))
variant := $(BUILD)$(if $(filter 0,$(OPENMP)),-serial)$(if $(is_clang),-clang)
out := build/$(variant)

# Contraction is off so that results do not depend on what a compiler fuses; the kernel leaves say FMA where they mean it.
CXXFLAGS_COMMON := -std=c++20 -I. -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off -fno-math-errno -MMD -MP
flags_release := -O3 -g1
flags_debug := -O0 -g
flags_asan := -O1 -g -fsanitize=address -fno-omit-frame-pointer
flags_ubsan := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
flags_tsan := -O1 -g -fsanitize=thread
ifndef flags_$(BUILD)
  $(error BUILD=$(BUILD): expected release, debug, asan, ubsan or tsan)
endif
build_flags := $(flags_$(BUILD))
ifneq ($(OPENMP),0)
  build_flags += -fopenmp
endif
CXXFLAGS += $(CXXFLAGS_COMMON) $(build_flags)
LDFLAGS += $(build_flags) -pthread

# The leaves: the only code that may use more than baseline x86-64.
machine := $(shell $(CXX) -dumpmachine 2>/dev/null)
ifneq ($(filter x86_64%,$(machine)),)
  leaf_flags := -mavx2 -mfma
else
  leaf_sources := $(wildcard core/*_avx2.cpp)
endif

tools := $(patsubst tools/%.cpp,%,$(wildcard tools/*.cpp))
library_sources := $(filter-out $(leaf_sources),$(wildcard core/*.cpp layers/*.cpp optim/*.cpp gan/*.cpp metrics/*.cpp data/*.cpp tools/lib/*.cpp))
test_sources := $(wildcard tests/*.cpp)
library_objects := $(library_sources:%.cpp=$(out)/%.o)
test_objects := $(test_sources:%.cpp=$(out)/%.o)
tool_objects := $(tools:%=$(out)/tools/%.o)
library := $(out)/libpbgen_all.a

.PHONY: all test bench lint deps deps-dev clean help
.DEFAULT_GOAL := all

# ./tools/NAME is the last variant that was built; each variant keeps its own binary under build/.
all: $(tools:%=$(out)/bin/%)
	@for tool in $(tools); do cmp -s $(out)/bin/$$tool tools/$$tool || cp $(out)/bin/$$tool tools/$$tool; done

test: all $(out)/bin/pbgen_tests
	@PBGEN_TOOLS=$(out)/bin $(out)/bin/pbgen_tests $(TEST_FLAGS)

bench: all
	@./tools/bench

$(out)/bin/%: $(out)/tools/%.o $(library)
	@mkdir -p $(@D)
	$(CXX) $< $(library) $(LDFLAGS) -o $@

$(out)/bin/pbgen_tests: $(test_objects) $(library)
	@mkdir -p $(@D)
	$(CXX) $(test_objects) $(library) $(LDFLAGS) -lgtest -o $@

# Rebuilt whole: an object whose source is gone must not linger.
$(library): $(library_objects) $(out)/sources
	@rm -f $@
	@ar rcs $@ $(library_objects)

$(out)/sources: force
	@mkdir -p $(@D)
	@echo '$(library_sources)' | cmp -s - $@ || echo '$(library_sources)' > $@
.PHONY: force

$(out)/core/%_avx2.o: CXXFLAGS += $(leaf_flags)

$(out)/%.o: %.cpp Makefile
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -c $< -o $@

lint:
	@python3 tests/lint_includes.py

deps:
	@sh tools/deps.sh g++ make libgtest-dev libstb-dev

deps-dev:
	@sh tools/deps.sh clang libomp-dev

clean:
	rm -rf build $(tools:%=tools/%)

help:
	@echo 'make              build the tools (./tools/NAME)'
	@echo 'make test         build and run the tests; closes on "N passed, N failed"'
	@echo 'make bench        measure the kernels; each result is checked before it is timed'
	@echo 'make lint         check who includes whom'
	@echo 'make deps         install what building and testing needs (apt); deps-dev: clang, libomp for developers'
	@echo 'make clean        remove what make made'
	@echo 'BUILD=debug|asan|ubsan|tsan, OPENMP=0, CXX=clang++ choose another build, e.g. make BUILD=asan test'

-include $(library_objects:.o=.d) $(test_objects:.o=.d) $(tool_objects:.o=.d)

# PBGen: `make` builds the tools, `make test` the tests.  `make help` lists the rest.
#
#   BUILD=release|debug|asan|ubsan|sanitize|tsan|fuzz   OPENMP=1|0   MPI=0|1   CXX=g++|clang++   CXXFLAGS=... LDFLAGS=...
#   V=1 shows commands
#   OUT=DIR: all that is made goes below that folder, and nothing beside the sources, which may be read-only

BUILD ?= release
OPENMP ?= 1
MPI ?= 0
ifeq ($(origin CXX),default)
  CXX := $(if $(filter tsan fuzz,$(BUILD)),clang++,g++)
endif

# All cores, unless -j or the make that called this one says otherwise.  Goals that remove or install run before the others, one by one.
ifneq ($(filter clean deps deps-dev deps-edge deps-deb deps-mpi deps-wasm deps-web,$(MAKECMDGOALS)),)
.NOTPARALLEL:
else ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
  MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
.DELETE_ON_ERROR:
V ?= 0
show := $(if $(filter 0,$(V)),@)

compiler := $(shell $(CXX) --version 2>/dev/null | head -n 1)
is_clang := $(findstring clang,$(compiler))
machine := $(shell $(CXX) -dumpmachine 2>/dev/null)

# For another machine, as CXX=aarch64-linux-gnu-g++ or "clang++ --target=aarch64-linux-gnu" asks for: all stays in a folder of
# its own, and the tests, those of the library of a device, run under QEMU; of aarch64 as on the oldest of these processors.
family_of = $(patsubst armv%,arm,$(patsubst arm64,aarch64,$(1)))
cross := $(filter-out $(call family_of,$(shell uname -m)),$(call family_of,$(firstword $(subst -, ,$(machine)))))
QEMU ?= $(if $(cross),qemu-$(cross) $(if $(filter aarch64,$(cross)),-cpu cortex-a53) -L /usr/$(machine))
runner := $(if $(cross),$(QEMU))
sources_in = $(sort $(shell find $(1) -name '*.cpp'))

# A machine without a system, as CXX="arm-none-eabi-g++ -mcpu=cortex-m7" asks for: libpbgen.a alone.
bare := $(if $(findstring linux,$(machine)),,$(findstring -none-,$(machine)))
# Tests alone, for another machine: what they do not test is not compiled, and what only serves them compiles fast.
tests_alone := $(if $(cross),$(if $(filter-out test test-leaves cortex-m7 print-out,$(MAKECMDGOALS)),,$(MAKECMDGOALS)))
tested := $(call sources_in,$(if $(cross),tests/edge tests/support,$(filter-out tests/fuzz,$(wildcard tests/*))))

# Everything that is made: $(OUT)/build/, $(OUT)/tools/.
ifneq ($(word 2,$(OUT)),)
  $(error OUT=$(OUT): make takes no folder with spaces in its name)
endif
root := $(if $(OUT),$(patsubst %/,%,$(OUT))/)
empty :=
of_machine := $(cross:%=-%)$(bare:-none-=-none)$(subst =,-,$(subst $(empty) ,,$(filter -m%,$(filter-out -mllvm,$(CXX)))))
variant := $(BUILD)$(if $(filter 0,$(OPENMP)),-serial)$(if $(is_clang),-clang)$(of_machine)$(if $(tests_alone),-tests)
out := $(root)build/$(variant)

# Contraction is off so that results do not depend on what a compiler fuses; the kernel leaves say FMA where they mean it.
common_flags := -std=c++20 -I. -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off -fno-math-errno
ifneq ($(filter aarch64-%,$(machine)),)
  common_flags += -Wno-psabi  # g++ would tell of every pair of doubles that it is passed otherwise than in its version 9
endif
flags_release := -O3 -g1
flags_debug := -O0 -g
flags_asan := -O1 -g -fsanitize=address -fno-omit-frame-pointer
flags_ubsan := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
flags_sanitize := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags_tsan := -O1 -g -fsanitize=thread
flags_fuzz := -O2 -g1 -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer
ifndef flags_$(BUILD)
  $(error BUILD=$(BUILD): expected release, debug, asan, ubsan, sanitize, tsan or fuzz)
endif
build_flags := $(flags_$(BUILD))
ifeq ($(OPENMP),0)
  common_flags += -Wno-unknown-pragmas
else
  build_flags += -fopenmp
endif
# The runtime of a device does without these; its objects go into a shared library too, which shows the C functions alone, or beside
# others into flash.
edge_flags := -fno-exceptions -fno-rtti -fno-openmp $(if $(bare),-ffunction-sections -fdata-sections,-fPIC) -fvisibility=hidden
# What serves tests alone need not be fast.  Half of what it takes to compile is reading the standard library and GoogleTest: once for all.
# ccache, where it is used, takes such a header with these.
export CCACHE_SLOPPINESS ?= pch_defines,time_macros
serves_tests := $(or $(filter test,$(tests_alone)),$(if $(cross),,$(filter release,$(BUILD))))
standard_header := $(if $(serves_tests),$(if $(is_clang),,$(out)/standard.h.gch))
serving_flags := $(if $(filter release,$(BUILD)),-O1 -g0) $(standard_header:%.gch=-include %)
serves = $(or $(tests_alone),$(if $(serves_tests),$(filter tests/%,$<)))
# MPI=1 is one more object in front of train_gan's: tools/lib/mpi/no_mpi.cpp of the library is not asked for then.  Open MPI's compiler
# wrapper says where its header and its library are.
mpi := $(filter-out 0,$(MPI))
mpi_object := $(if $(mpi),$(out)/tools/lib/mpi/mpi_ranks.o)
mpi_libraries = $(if $(mpi),$(addprefix -L,$(shell mpicxx --showme:libdirs)) -lmpi)
mpi_flags = $(if $(filter tools/lib/mpi/mpi_ranks.cpp,$<),$(addprefix -isystem ,$(shell mpicxx --showme:incdirs)))
language_flags = $(if $(filter gan/edge/%,$<),$(edge_flags),$(if $(serves),$(serving_flags)))
compile_flags = $(common_flags) $(build_flags) $(leaf_flags_$(instruction_set)) $(language_flags) $(mpi_flags) $(CPPFLAGS) $(CXXFLAGS)
link_flags = $(build_flags) -pthread $(LDFLAGS)

# Tests run thousands of small parallel regions, often beside other work: a thread that waits actively may hold the very core
# that it waits for.
test_environment := PBGEN_TOOLS=$(out)/bin PBGEN_RUNNER='$(runner)' OMP_WAIT_POLICY=passive $(if $(mpi),PBGEN_MPIRUN=mpirun)

# ThreadSanitizer sees OpenMP's barriers only through LLVM's runtime, whose archer library tells it of them; GNU's runtime
# gives false alarms.  Code of libomp itself is not instrumented and its reports are ignored.
ifeq ($(BUILD),tsan)
  ifneq ($(OPENMP),0)
    ifeq ($(if $(compiler),$(is_clang),missing),)
      $(error BUILD=tsan with $(CXX): GNU's OpenMP gives false alarms; leave CXX out, which is clang++ here, or give OPENMP=0)
    endif
  endif
  test_environment += TSAN_OPTIONS="ignore_noninstrumented_modules=1 $(TSAN_OPTIONS)"
endif

# Everything is for baseline x86-64 but the leaves, NAME_SET.cpp, which alone may use the instructions of that set: another one is a
# line of flags here, or where it is another machine's, a word.
instruction_sets := avx2 avx512 neon
leaf_flags_avx2 := -mavx2 -mfma
leaf_flags_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512
ifeq ($(is_clang),)
  leaf_flags_avx512 += -Wno-uninitialized -Wno-maybe-uninitialized  # g++ 12's own avx512fintrin.h earns them (GCC bug 105593)
endif
instruction_set = $(filter $(instruction_sets),$(lastword $(subst _, ,$(basename $(notdir $<)))))
sets_here := $(if $(filter x86_64%,$(machine)),avx2 avx512) $(if $(filter aarch64-% arm64-%,$(machine)),neon)
leaf_flags := $(foreach set,$(sets_here),$(set): $(leaf_flags_$(set)))
library_sources := $(call sources_in,core layers optim gan metrics data tools/lib)
ifneq ($(tests_alone),)
  # What makes models for the tests of a device's library and draws beside it; nothing that trains.
  library_sources := $(call sources_in,core layers optim gan tools/lib/model) data/lane_images.cpp
  library_sources += $(addprefix tools/lib/cli/,format.cpp shown.cpp text_table.cpp)
  library_sources := $(filter-out gan/losses.cpp gan/roughness.cpp gan/train%.cpp tools/lib/model/layer_report.cpp,$(library_sources))
  library_sources := $(filter-out $(addprefix core/,base/timing.cpp files/file_batch.cpp files/folder_lock.cpp),$(library_sources))
  library_sources := $(filter-out core/gemm/fma_peak.cpp core/gemm/isa_rule.cpp,$(library_sources))
endif
library_sources := $(filter-out tools/lib/mpi/mpi_ranks.cpp,$(library_sources))
library_sources := $(filter-out $(foreach set,$(filter-out $(sets_here),$(instruction_sets)),%_$(set).cpp),$(library_sources))

tools := $(patsubst tools/%.cpp,%,$(wildcard tools/*.cpp))
binaries := $(tools:%=$(out)/bin/%)
library_objects := $(library_sources:%.cpp=$(out)/%.o)
test_objects := $(tested:%.cpp=$(out)/%.o)
tool_objects := $(tools:%=$(out)/tools/%.o)
library := $(out)/libpbgen_all.a

# libpbgen, the library of a device: gan/edge with the headers of core/freestanding, without the definition of its leaves, and nothing but
# the C library behind it.
edge_objects := $(filter-out %/generator_ref.o,$(filter $(out)/gan/edge/%,$(library_objects)))
edge_libraries := $(out)/libpbgen.a $(if $(bare),,$(out)/libpbgen.so)
edge_soname := libpbgen.so.1
edge_link_flags := $(flags_$(BUILD)) -static-libgcc -Wl,--as-needed -Wl,--gc-sections -s $(LDFLAGS)

# Where `make install` puts things, by the names that GNU's coding standards give to folders: tools/README.md, "Installed".
PREFIX ?= /usr/local
prefix = $(PREFIX)
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
libdir = $(exec_prefix)/lib
includedir = $(prefix)/include
datarootdir = $(prefix)/share
datadir = $(datarootdir)
mandir = $(datarootdir)/man
man1dir = $(mandir)/man1
docdir = $(datarootdir)/doc/pbgen
pkgconfigdir = $(libdir)/pkgconfig
cmakedir = $(libdir)/cmake/pbgen
bashcompletiondir = $(datadir)/bash-completion/completions
INSTALL ?= install
INSTALL_PROGRAM ?= $(INSTALL)
INSTALL_DATA ?= $(INSTALL) -m 644
LDCONFIG ?= ldconfig
folders := prefix exec_prefix bindir libdir includedir datadir man1dir docdir pkgconfigdir cmakedir bashcompletiondir
quoted = '$(subst ','\'',$(1))'
install_settings = $(foreach name,DESTDIR $(folders) INSTALL_PROGRAM INSTALL_DATA LDCONFIG,$(name)=$(call quoted,$($(name)))) \
  out='$(out)' page='$(web)/index.html' tools='$(tools) footprint' soname=$(edge_soname) version=$(version)

# What somebody else has built is installed as it is: root, who made an object of it anew, would leave one that its owner cannot replace.
installing := $(filter install install-edge install-strip uninstall uninstall-edge,$(MAKECMDGOALS))
built_by_another := $(if $(installing),$(shell find $(or $(wildcard $(out)),$(or $(wildcard $(root)),.)) -maxdepth 0 ! -user "$$(id -u)"))
to_install = $(if $(built_by_another),,$(1))

# What bench runs to see what a model takes of a device.
footprint := $(out)/bin/footprint

.PHONY: all edge copy-edge amalgamation test test-faults mutants bench fuzz fuzz-run lint deps deps-dev deps-edge deps-mpi clean help
.PHONY: test-edge test-m7 test-leaves cortex-m7 print-out
.PHONY: has-compiler has-libraries has-gtest
.PHONY: check install install-edge install-strip uninstall uninstall-edge test-install dist deb deps-deb
.DEFAULT_GOAL := all

# ./tools/NAME and build/libpbgen.* are the variant that `make` built last; each variant keeps its own binaries under build/.
# With OUT they are below it, and bench finds its scripts there.
all: $(library) $(binaries) copy-edge
ifeq ($(cross),)
	@mkdir -p $(root)tools
	@for tool in $(tools) footprint; do cmp -s $(out)/bin/$$tool $(root)tools/$$tool || cp -f $(out)/bin/$$tool $(root)tools/$$tool; done
	$(if $(root),@ln -sfn '$(CURDIR)/tools/peers' $(root)tools/peers)
endif

# A manual page and bash's completion of each tool, which it makes itself, called by the name that it has when it is installed.
pages := $(foreach tool,$(tools),$(out)/pages/$(tool).1 $(out)/pages/$(tool).bash) $(out)/pages/footprint.1
called_as = $(if $(runner),$(runner) -0 $(1) $(2),PATH='$(abspath $(out)/named)':"$$PATH" $(1))
$(out)/pages/footprint.1: $(footprint) tools/packaging/plain_manual.sh $(out)/commit
	@mkdir -p $(@D)
	@$(runner) $< --help | sh tools/packaging/plain_manual.sh pbgen-footprint '$(commit_date)' 'PBGen $(version)' >$@
$(out)/pages/%.1: $(out)/bin/% ; @$(call make_page,man)
$(out)/pages/%.bash: $(out)/bin/% ; @$(call make_page,bash)
make_page = mkdir -p $(@D) $(out)/named && ln -sfn ../bin/$* $(out)/named/$(installed_name) && \
  $(call called_as,$(installed_name),$<) --help=$(1) >$@
installed_name = pbgen-$(subst _,-,$*)

ifeq ($(cross)$(filter-out release debug,$(BUILD)),)
all: $(pages)
endif

install: $(call to_install,all $(pages))
	@$(install_settings) sh tools/packaging/install.sh install all
install-edge: $(call to_install,edge)
	@$(install_settings) sh tools/packaging/install.sh install edge
install-strip: INSTALL_PROGRAM := $(INSTALL_PROGRAM) -s
install-strip: install
uninstall:
	@$(install_settings) sh tools/packaging/install.sh uninstall all
uninstall-edge:
	@$(install_settings) sh tools/packaging/install.sh uninstall edge

# What is committed, in build/pbgen-VERSION.tar.gz, and as Debian packages in build/debian.
dist:
	@sh tools/packaging/dist.sh $(root)build $(version)
deb: dist
	@sh tools/packaging/debian.sh $(root)build $(version)
deps-deb:
	@sh tools/deps.sh g++ make libstb-dev dpkg-dev debhelper lintian

# Into a scratch folder, and used from there.
test-install: all $(pages) $(out)/bin/pbgen_example
	@bash tests/install/run.sh $(out)

# The library of a device alone, for which a compiler is enough.  For another machine it stays in its variant's folder.
edge: copy-edge $(if $(bare),,$(footprint))
	@ls -l $(edge_libraries)
copy-edge: $(edge_libraries)
ifeq ($(cross),)
	@for file in $(edge_libraries:$(out)/%=%); do cmp -s $(out)/$$file $(root)build/$$file || cp -f $(out)/$$file $(root)build/$$file; done
	@ln -sf libpbgen.so $(root)build/$(edge_soname)
endif

all test: $(footprint)

# For tests/support/allocations.cpp, which counts what is allocated.
counted_link_flags := $(foreach name,malloc calloc realloc posix_memalign free mmap munmap,-Wl,--wrap=$(name))

# Only failures and the closing line; `make test TEST_FLAGS=--gtest_filter=Gemm*` for more, or for less.
test: TEST_FLAGS ?= --gtest_brief=1
test: $(if $(cross),,$(binaries) $(if $(wildcard $(root)build/web/index.html),wasm)) $(edge_libraries) \
  $(addprefix $(out)/bin/,pbgen_tests pbgen_example pbgen_latency amalgamated)
	@$(test_environment) $(runner) $(out)/bin/pbgen_tests $(TEST_FLAGS)

check: test

# As `test`, but on aarch64, and of the library of a device alone; then its leaves, and an image, on other machines.
test-edge:
	@for program in aarch64-linux-gnu-g++ qemu-aarch64; do \
	  command -v $$program >/dev/null || { echo "$$program is missing: run \`make deps-edge\`" >&2; exit 1; }; done
	@$(MAKE) --no-print-directory CXX='$(filter ccache,$(CXX)) aarch64-linux-gnu-g++' test
	@MAKE='$(MAKE)' sh tests/edge/machines.sh
test-m7:
	@MAKE='$(MAKE)' sh tests/edge/machines.sh cortex-m7

# The example of a device without a system, whose model is prepacked: as its program, and as one of a machine with a system, which tells
# what it must draw of the same weights as bits.
MODEL ?= $(out)/model$(if $(bare),-prepacked).pbgen
cortex_m7 := gan/edge/examples/cortex_m7
cortex_m7_sources := $(addprefix $(cortex_m7)/,main.c model.S $(if $(bare),board.c,host.c))
board_link_flags := -nostartfiles -T $(cortex_m7)/mps2_an500.ld -Wl,--gc-sections
cortex-m7: $(out)/bin/cortex_m7
$(out)/bin/cortex_m7: $(cortex_m7_sources) $(wildcard $(cortex_m7)/*.h $(cortex_m7)/*.ld) $(MODEL) $(out)/libpbgen.a | has-compiler
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $(cortex_m7)')
	$(show)$(c_compiler) -std=c11 -O2 -Igan/edge -Wall -Wextra -Wpedantic -Wconversion -DMODEL='"$(abspath $(MODEL))"' $(cortex_m7_sources) \
	  $(out)/libpbgen.a $(if $(bare),$(board_link_flags),$(edge_link_flags)) -o $@
print-out:
	@echo $(out)
$(out)/model.pbgen $(out)/model-prepacked.pbgen: tests/edge/some_model.py
	@mkdir -p $(@D)
	@python3 $< $@ $(if $(findstring prepacked,$(@F)),--prepacked)

# libpbgen for browsers: two WebAssembly modules that import nothing, and the page that holds them (tools/web).  `scalar` is for browsers
# without SIMD.  The leaves alone gain by -O3; all of it so would be half as large again.
.PHONY: wasm has-wasm test-web deps-wasm deps-web
WASM_CXX ?= clang++
wasm := $(root)build/wasm
web := $(root)build/web
wasm_sources := $(filter-out %_ref.cpp %/map_file.cpp $(instruction_sets:%=\%_%.cpp),$(wildcard gan/edge/*.cpp)) tools/web/module.cpp
wasm_flags := --target=wasm32-wasi $(filter -std=% -W% -f% -I%,$(common_flags)) $(filter-out -fPIC,$(edge_flags))
wasm_flags_simd := -msimd128
wasm_flags_scalar := -mcpu=mvp
wasm_link_flags := -nostartfiles -nodefaultlibs -lc -Wl,--no-entry,--export-dynamic,--gc-sections,-s,--max-memory=1073741824
wasm_link_flags += -Wl,-z,stack-size=65536,--stack-first
wasm_modules := $(web)/pbgen.wasm $(web)/pbgen_scalar.wasm
web_sources := $(wildcard tools/web/page.* tools/web/assemble.sh tools/gallery/faces.pbgen)
wasm: $(web)/index.html
	@ls -l $(wasm_modules) $<
$(web)/index.html: $(web_sources) $(wasm_modules)
	@sh tools/web/assemble.sh tools/web/page.html $(web) >$@
$(web)/pbgen.wasm: $(wasm_sources:%.cpp=$(wasm)/simd/%.o)
$(web)/pbgen_scalar.wasm: $(wasm_sources:%.cpp=$(wasm)/scalar/%.o)
$(wasm_modules):
	@mkdir -p $(@D)
	$(if $(show),@echo 'link    $@')
	$(show)$(WASM_CXX) --target=wasm32-wasi $^ $(wasm_link_flags) -o $@
compile_wasm = $(WASM_CXX) $(wasm_flags) $(wasm_flags_$(1)) $(if $(findstring _portable,$<),-O3,-Os) -MMD -MP -c $< -o $@
$(wasm)/simd/%.o: %.cpp $(wasm)/flags
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $< (wasm)')
	$(show)$(call compile_wasm,simd)
$(wasm)/scalar/%.o: %.cpp $(wasm)/flags
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $< (wasm, scalar)')
	$(show)$(call compile_wasm,scalar)
$(wasm)/flags: has-wasm
	@mkdir -p $(@D)
	@echo '$(WASM_CXX) $(wasm_flags) $(wasm_flags_simd) $(wasm_flags_scalar) $(wasm_link_flags)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
-include $(patsubst %.cpp,$(wasm)/simd/%.d,$(wasm_sources)) $(patsubst %.cpp,$(wasm)/scalar/%.d,$(wasm_sources))
has-wasm:
	@for program in $(filter-out -%,$(WASM_CXX)) wasm-ld; do \
	  command -v $$program >/dev/null || { echo "$$program is missing: run \`make deps-wasm\`" >&2; exit 1; }; done
	@printf '#include <cstdint>\n#include <string.h>\n' | $(WASM_CXX) --target=wasm32-wasi -x c++ -E - >/dev/null 2>&1 || \
	  { echo 'the C and C++ headers of wasm32-wasi are missing: run `make deps-wasm`' >&2; exit 1; }

# The modules under node, and the page in a headless Chromium: `make test-web WEB_FLAGS="--pictures DIR"` keeps what it looked like.
test-web: $(binaries) $(edge_libraries) wasm
	@python3 -B tests/web/run.py --bin $(out)/bin --web $(web) $(WEB_FLAGS)

# Hostile files, in a build of its own: `make fuzz FUZZ_RUNS=1000000 FUZZ_TARGETS=fuzz_model`.
FUZZ_RUNS ?= 1000000
FUZZ_JOBS ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_CXX ?= clang++
FUZZ_TARGETS ?= fuzz_model fuzz_checkpoint fuzz_config
fuzz_binaries := $(FUZZ_TARGETS:%=$(out)/bin/%)
fuzz_objects := $(patsubst %.cpp,$(out)/%.o,$(wildcard tests/fuzz/*.cpp))
fuzz:
	@command -v $(lastword $(FUZZ_CXX)) >/dev/null || \
	  { echo '$(FUZZ_CXX) is missing: run `make deps-dev` (libFuzzer comes with clang++)' >&2; exit 1; }
	@$(MAKE) --no-print-directory BUILD=fuzz OPENMP=0 CXX='$(FUZZ_CXX)' fuzz-run
fuzz-run: $(fuzz_binaries)
	@sh tests/fuzz/run.sh $(out) $(FUZZ_RUNS) $(FUZZ_JOBS) $(FUZZ_TARGETS)
$(fuzz_binaries): $(out)/bin/%: $(out)/tests/fuzz/%.o $(out)/tests/fuzz/fuzz.o $(out)/tests/support/allocations.o $(library)
	@mkdir -p $(@D)
	$(if $(show),@echo 'link    $@')
	$(show)$(CXX) $^ $(link_flags) $(counted_link_flags) -fsanitize=fuzzer -o $@

# `make bench BENCH_FLAGS="--only network --threads 2"` for less.
bench: all
	@$(out)/bin/bench $(BENCH_FLAGS)

$(binaries): $(out)/bin/%: $(out)/tools/%.o $(library)
	@mkdir -p $(@D)
	$(if $(show),@echo 'link    $@')
	$(show)$(CXX) $(filter %.o,$^) $(library) $(link_flags) $(if $(filter %/train_gan,$@),$(mpi_libraries)) -o $@
$(out)/bin/train_gan: $(mpi_object) $(out)/mpi

# Debian's binary is of this machine; for another one it is made of the package's sources.
gtest_sources := /usr/src/googletest/googletest
gtest := $(if $(cross),$(out)/gtest.o,-lgtest)
$(out)/gtest.o: $(out)/flags | has-compiler has-gtest
	$(if $(show),@echo 'compile $@')
	$(show)$(CXX) -std=c++20 -w $(build_flags) $(if $(tests_alone),-O1 -g0) $(CPPFLAGS) $(CXXFLAGS) -I$(gtest_sources) \
	  -c $(gtest_sources)/src/gtest-all.cc -o $@

# The tests that need nothing but the library of a device and its definition, on a machine for which the engine is not built.
leaf_tests := $(patsubst %,$(out)/tests/edge/%_test.o,half leaf pack) $(out)/tests/support/main.o
test-leaves: TEST_FLAGS ?= --gtest_brief=1
test-leaves: $(out)/bin/leaf_tests
	@$(runner) $< $(TEST_FLAGS)
$(out)/bin/leaf_tests: $(leaf_tests) $(addprefix $(out)/,gan/edge/generator_ref.o core/base/rng.o core/base/math.o libpbgen.a) $(gtest)
	@mkdir -p $(@D)
	$(if $(show),@echo 'link    $@')
	$(show)$(CXX) $^ $(link_flags) -o $@

$(out)/bin/pbgen_tests: $(test_objects) $(library) $(filter %.o,$(gtest))
	@mkdir -p $(@D)
	$(if $(show),@echo 'link    $@')
	$(show)$(CXX) $(test_objects) $(library) $(link_flags) $(counted_link_flags) $(gtest) -o $@

# Made whole: an object whose source is gone must not linger.
$(library): $(library_objects) $(out)/sources
	@rm -f $@
	@ar rcs $@ $(library_objects)

$(out)/libpbgen.a: $(edge_objects) $(out)/sources
	@rm -f $@
	@ar rcs $@ $(edge_objects)

$(out)/libpbgen.so: $(edge_objects) $(out)/sources
	$(if $(show),@echo 'link    $@')
	$(show)$(CXX) -shared $(edge_objects) $(edge_link_flags) -Wl,-soname,$(edge_soname) -o $@

# As a device's programs are built: in C, by the compiler's C driver, so that nothing of C++ is linked unseen.
# footprint says which build it is, as the tools do; commit is defined below.
c_compiler := $(subst c++,cc,$(subst g++,gcc,$(subst clang++,clang,$(CXX))))
$(out)/bin/pbgen_example: gan/edge/examples/generate.c
$(out)/bin/pbgen_latency: gan/edge/examples/latency.c gan/edge/examples/thread_pool.c gan/edge/examples/thread_pool.h
$(out)/bin/pbgen_latency: c_defines = -pthread
$(footprint): gan/edge/examples/footprint.c $(out)/commit tools/lib/cli/version_number.h
$(footprint): c_defines = -DFOOTPRINT_VERSION='"$(version)$(if $(commit), ($(commit)))"' -DFOOTPRINT_COMPILER='"$(compiler)"'
$(out)/bin/pbgen_example $(out)/bin/pbgen_latency $(footprint): gan/edge/pbgen.h $(out)/libpbgen.a $(out)/flags | has-compiler
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $(filter %.c,$^)')
	$(show)$(c_compiler) -std=c11 -Igan/edge -Wall -Wextra -Wpedantic -Wconversion $(flags_$(BUILD)) $(c_defines) $(filter %.c,$^) \
	  $(out)/libpbgen.a $(edge_link_flags) -o $@

# The library of a device in one file, for other people's trees: gan/edge/amalgamate.sh.  Compiled as they would, without a flag of ours,
# and once as strict C++14.
amalgamation := $(out)/amalgamation
amalgamation: $(amalgamation)/pbgen.cpp
ifneq ($(amalgamation),$(root)build/amalgamation)
	@mkdir -p $(root)build/amalgamation
	@cp -f $(amalgamation)/pbgen.h $(amalgamation)/pbgen.cpp $(root)build/amalgamation
endif
	@ls -l $(root)build/amalgamation/pbgen.h $(root)build/amalgamation/pbgen.cpp
$(amalgamation)/pbgen.cpp: gan/edge/amalgamate.sh $(wildcard gan/edge/*.cpp gan/edge/*.h core/freestanding/*.h)
	@sh gan/edge/amalgamate.sh $(@D)
$(amalgamation)/pbgen.o: $(amalgamation)/pbgen.cpp $(out)/flags | has-compiler
	$(if $(show),@echo 'compile $<')
	$(show)$(CXX) -std=c++14 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only $<
	$(show)$(CXX) -O2 -Wall -Wextra -Werror -c $< -o $@
$(out)/bin/amalgamated: tests/edge/amalgamated.c $(amalgamation)/pbgen.o
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $<')
	$(show)$(c_compiler) -std=c11 -I$(amalgamation) -O2 -Wall -Wextra -Wpedantic $^ -o $@

# Every tool's input and output fails, one call at a time, and every tool is killed at moments that matter; then the workers of a queue are,
# and with MPI=1 ranks:
# `make test-faults FAULTS_FLAGS=--all` for every call, `FAULTS_FLAGS="--only generate --verbose"` for less.
test-faults: $(binaries) $(out)/bin/fail_io.so
	@command -v python3 >/dev/null || { echo 'python3 is missing: test-faults needs it (apt-get install python3)' >&2; exit 1; }
	@python3 tests/faults/run.py --tools $(out)/bin --shim $(out)/bin/fail_io.so $(FAULTS_FLAGS)
	@$(if $(FAULTS_FLAGS),,python3 -B tests/faults/queue.py --tools $(out)/bin)
	@$(if $(FAULTS_FLAGS),,$(if $(mpi),python3 -B tests/faults/ranks.py --tools $(out)/bin))
$(out)/bin/fail_io.so: tests/faults/fail_io.c $(out)/flags | has-compiler
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $<')
	$(show)$(c_compiler) -std=c11 -O1 -Wall -Wextra -shared -fPIC $< -ldl -o $@

# One line of the engine is changed at a time, and its tests must notice: in a copy of the tree (tests/mutants/mutants.py).
mutants: $(test_objects) $(library)
	@command -v python3 >/dev/null || { echo 'python3 is missing: mutants needs it (apt-get install python3)' >&2; exit 1; }
	@python3 tests/mutants/mutants.py --cxx '$(CXX)' --flags='$(common_flags) $(build_flags) $(CPPFLAGS) $(CXXFLAGS)' \
	  --leaf-flags='$(leaf_flags)' --edge-flags='$(edge_flags)' --link-flags='$(link_flags) $(counted_link_flags) $(gtest)' \
	  --built '$(out)' --library '$(library)' --sources '$(library_sources)' --tests '$(tested)' $(MUTANTS_FLAGS)

$(out)/standard.h.gch: $(out)/flags | has-compiler has-gtest
	@for header in algorithm array cmath cstdint filesystem fstream functional limits map memory optional span sstream string vector \
	  $(if $(cross),,gtest/gtest.h); do \
	  echo "#include <$$header>"; done >$(out)/standard.h
	$(if $(show),@echo 'compile $@')
	$(show)$(CXX) $(common_flags) $(build_flags) -O1 -g0 $(CPPFLAGS) $(CXXFLAGS) -x c++-header $(out)/standard.h -o $@

$(if $(cross),$(library_objects)) $(test_objects): $(standard_header)
$(out)/%.o: %.cpp $(out)/flags | has-compiler
	@mkdir -p $(@D)
	$(if $(show),@echo 'compile $<')
	$(show)$(CXX) $(compile_flags) -MMD -MP -c $< -o $@

$(filter-out $(edge_objects),$(library_objects)) $(tool_objects) $(test_objects): | has-libraries
$(test_objects): | has-gtest

# What a program was compiled with, and from which commit of which day: of an archive as git wrote it there, else empty outside a
# checkout.  One object and footprint hold it, so that a new commit remakes these alone.
archived = $(shell sed -n 's/^$(1): \([^$$]*\)$$/\1/p' .git_archival.txt)
commit := $(if $(wildcard .git),$(shell git describe --always --dirty 2>/dev/null),$(call archived,node))
commit_date := $(if $(wildcard .git),$(shell git log -1 --format=%cs 2>/dev/null),$(call archived,node-date))
version = $(shell sed -n 's/.*kVersion.*"\(.*\)".*/\1/p' tools/lib/cli/version_number.h)
version_object := $(out)/tools/lib/cli/version.o
$(version_object): CPPFLAGS += -DPBGEN_COMPILER='"$(compiler)"' -DPBGEN_COMMIT='"$(commit)"' -DPBGEN_DATE='"$(commit_date)"'
$(version_object): CPPFLAGS += -DPBGEN_BUILD_FLAGS='"$(common_flags) $(build_flags), leaves $(leaf_flags)"'
$(version_object): $(out)/commit

# What is compiled, and how: rewritten only where it changed, so that a change rebuilds what depends on it.
compiling_nothing := clean deps deps-dev deps-edge deps-mpi fuzz lint help test-edge test-m7 uninstall uninstall-edge dist deb deps-deb
compiling_nothing += wasm deps-wasm deps-web
compiling_nothing += $(if $(built_by_another),$(installing))
ifneq ($(filter-out $(compiling_nothing),$(or $(MAKECMDGOALS),all)),)
  flags := $(filter-out ccache,$(CXX)) $(compiler) $(common_flags) $(build_flags) $(leaf_flags) $(edge_flags)
  flags += $(CPPFLAGS) $(CXXFLAGS) $(LDFLAGS) $(edge_link_flags) $(counted_link_flags)
  $(shell mkdir -p $(out))
  ifneq ($(file <$(out)/sources),$(library_sources))
    $(file >$(out)/sources,$(library_sources))
  endif
  ifneq ($(file <$(out)/flags),$(flags))
    $(file >$(out)/flags,$(flags))
  endif
  ifneq ($(if $(wildcard $(out)/mpi),$(file <$(out)/mpi),none),$(or $(mpi),0))
    $(file >$(out)/mpi,$(or $(mpi),0))
  endif
  ifneq ($(if $(wildcard $(out)/commit),$(file <$(out)/commit),none),$(commit))
    $(file >$(out)/commit,$(commit))
  endif
endif

# Says what is missing before a compiler says it at length.
has_header = printf '\#if !__has_include(<$(1)>)\n\#error\n\#endif\n' | $(CXX) $(CPPFLAGS) $(CXXFLAGS) $(2) -x c++ -E - >/dev/null 2>&1
# Where the words of CXX are found, of which a compiler's own options are none; what installs the one that is missing.
missing_compiler := $(strip $(foreach word,$(filter-out -%,$(CXX)),$(if $(shell command -v $(word) 2>/dev/null),,$(word))))
package_of = $(if $(filter %-g++,$(1)),g++-$(patsubst %-g++,%,$(1)),$(1))
of_deps_edge := aarch64-linux-gnu-g++ arm-linux-gnueabihf-g++ riscv64-linux-gnu-g++ arm-none-eabi-g++
deps_of = $(or $(if $(filter g++,$(1)),deps),$(if $(filter clang++,$(1)),deps-dev),$(if $(filter $(of_deps_edge),$(1)),deps-edge))
or_by_package = install it (on Debian the package $(call package_of,$(1))) or name another
how_to_get = $(if $(call deps_of,$(1)),run `make $(call deps_of,$(1))`,$(or_by_package))
has-compiler:
	@$(if $(missing_compiler),echo '$(missing_compiler) is missing: $(call how_to_get,$(missing_compiler))' >&2; exit 1,:)
how_to_get_omp = $(if $(is_clang),run `make deps-dev`,install g++ anew, with which it comes)
has-libraries: | has-compiler
	@$(call has_header,stb/stb_image_write.h) || { echo 'stb/stb_image_write.h is missing: run `make deps`' >&2; exit 1; }
ifneq ($(OPENMP),0)
	@$(call has_header,omp.h,-fopenmp) || \
	  { echo 'omp.h is missing for $(CXX): $(how_to_get_omp), or build with OPENMP=0' >&2; exit 1; }
endif
ifneq ($(mpi),)
	@command -v mpicxx >/dev/null || { echo 'mpicxx is missing: run `make deps-mpi`, or build with MPI=0' >&2; exit 1; }
endif
has-gtest:
	@$(call has_header,gtest/gtest.h) || { echo 'GoogleTest is missing: run `make deps` (only the tests need it)' >&2; exit 1; }
ifneq ($(cross),)
	@test -f $(gtest_sources)/src/gtest-all.cc || { echo '$(gtest_sources) is missing: run `make deps-edge`' >&2; exit 1; }
endif

lint:
	@if command -v python3 >/dev/null; then \
	  for script in tests/lint/*.py; do python3 -B $$script --self-test && python3 -B $$script || exit 1; done; \
	else echo 'lint: skipped, there is no python3'; fi

deps:
	@sh tools/deps.sh g++ make libgtest-dev libstb-dev

deps-dev:
	@sh tools/deps.sh clang libomp-dev clang-format clang-tidy python3

deps-wasm:
	@sh tools/deps.sh clang lld wasi-libc libc++-dev-wasm32

deps-web:
	@sh tools/deps.sh chromium nodejs python3

deps-mpi:
	@sh tools/deps.sh libopenmpi-dev openmpi-bin

deps-edge:
	@sh tools/deps.sh g++-aarch64-linux-gnu g++-arm-linux-gnueabihf g++-riscv64-linux-gnu qemu-user libgtest-dev googletest libstb-dev \
	  gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm clang python3

clean:
	rm -rf $(root)build $(tools:%=$(root)tools/%) $(root)tools/footprint $(if $(root),$(root)tools/peers)

help:
	@echo 'PBGen $(version)'
	@echo 'make              build the tools (./tools/NAME) and the library of a device (build/libpbgen.a, build/libpbgen.so)'
	@echo 'make edge         the library of a device alone, e.g. make edge CXX=aarch64-linux-gnu-g++ (a compiler is enough)'
	@echo 'make amalgamation the library of a device as build/amalgamation/pbgen.h and pbgen.cpp, to drop into a source tree'
	@echo 'make install      put all of it into PREFIX (/usr/local), as pbgen-NAME; install-edge: the library of a device alone; uninstall'
	@echo '                  PREFIX=DIR, DESTDIR=DIR and the GNU names of folders (bindir, libdir, ...) choose others'
	@echo 'make test         build and run the tests; closes on "N passed, N failed" (also: make check)'
	@echo 'make dist         build/pbgen-$(version).tar.gz of what is committed; make deb: Debian packages of it (wants: make deps-deb)'
	@echo 'make test-install install below a scratch folder and use what is there: programs, pages, completion, pkg-config, CMake'
	@echo 'make test-edge    test the library of a device on aarch64 under qemu, its leaves and an image on ARM, RISC-V and Cortex-M7'
	@echo 'make test-m7      build the library for a Cortex-M7 without a system, draw an image under qemu and compare it'
	@echo 'make test-faults  fail the input and output of every tool call by call, and kill every tool (some minutes; python3)'
	@echo 'make mutants      change one line of the engine at a time and list the changes that no test notices (hours; python3)'
	@echo 'make bench        measure kernels, layers, networks, one image, data and the distance (some minutes); each result is checked first'
	@echo 'make fuzz         a million hostile models, checkpoints and configurations under sanitizers (clang++); FUZZ_RUNS=N for fewer'
	@echo 'make wasm         libpbgen for browsers (build/web/pbgen.wasm), and the page that draws with it (build/web/index.html)'
	@echo 'make test-web     draw by both under node and in a headless Chromium, and compare with the library (some minutes; python3)'
	@echo 'make lint         check who includes whom, and that what the documents name and measure is right (python3)'
	@echo 'make deps         install what building and testing needs (apt); deps-dev: clang, libomp, clang-format, clang-tidy, python3'
	@echo 'make MPI=1        the tools, with a train_gan that mpirun spreads over machines (wants: make deps-mpi)'
	@echo 'make deps-edge    install what test-edge needs besides: compilers and qemu for aarch64, ARM, RISC-V and Cortex-M7'
	@echo 'make deps-wasm    install what wasm needs: clang, lld and the C library of WebAssembly; deps-web: chromium and node for test-web'
	@echo 'make clean        remove what make made'
	@echo 'BUILD=debug|asan|ubsan|sanitize|tsan, OPENMP=0, CXX=clang++ choose another build, e.g. make BUILD=asan test'
	@echo 'OUT=DIR           build below DIR (DIR/tools/NAME, DIR/build/) and write nothing beside the sources, e.g. make OUT=/tmp/pbgen test'

-include $(library_objects:.o=.d) $(test_objects:.o=.d) $(tool_objects:.o=.d) $(mpi_object:.o=.d) $(fuzz_objects:.o=.d)

# A thin face: CMake builds, and the scripts of tools/ do the rest. `make help` lists the targets.

LUA ?= lua5.4
PREFIX ?= /usr/local
WERROR ?= OFF
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
CMAKE_FLAGS ?=
export WERROR JOBS CMAKE_FLAGS

.PHONY: matrix docs types build man help deps test test-unit soak lint format install clean env demo demo-openresty
MAKEFLAGS += --no-print-directory
# Luas that this system calls otherwise: see cmake/FindLuas.cmake.
export PATH := $(CURDIR)/build/bin:$(PATH)

build: ## build the modules for each installed Lua, into build/<lua>/
	@cmake --preset default -DDATAFOREST_WERROR=$(WERROR) -DCMAKE_INSTALL_PREFIX="$(PREFIX)" $(CMAKE_FLAGS) >/dev/null
	@cmake --build build --parallel $(JOBS)

deps: ## install what is missing for building, the demo and the tests (through apt), or name it
	@tools/deps.sh build demo test bench docs package
	@tools/deps.sh --try browser

demo: ## start the emulator, and run examples/quickstart.lua against it
	@tools/deps.sh --try build demo
	@$(MAKE) build
	@tools/demo.sh

demo-openresty: ## run examples/openresty against the emulator, and print its address
	@tools/deps.sh --try build demo
	@$(MAKE) build
	@tools/demo-openresty.sh

env: ## print the lines that make the built tree loadable (LUA=lua5.4, LUA=luajit, ...)
	@tools/env.sh "$(LUA)"

test: ## run every test; PARTS="c luajit" those with a label; SPEC=spec/a_spec.lua LUA=luajit some files
	@SPEC="$(SPEC)" LUA="$(LUA)" tools/test.sh $(PARTS)

test-unit: ## run the C tests and the specs on Lua 5.4 only
	@tools/test.sh c lua5.4

lint: ## check Lua, C and shell with every linter
	@tools/deps.sh --try build lint
	@tools/lint.sh

format: ## rewrite Lua and C as StyLua and clang-format want them
	@tools/deps.sh --try lint
	@tools/lint.sh --fix

docs: build ## build the documentation as a site, in docs/site/
	@tools/docs.sh

types: build ## write types/ anew, the annotations for editors
	@tools/types.sh

man: build ## write docs/man/ anew, from the commands themselves
	@rm -f docs/man/*.1 && eval "$$(tools/env.sh lua5.4)" && lua5.4 tools/man.lua docs/man

matrix: ## try other platforms, as docs/platforms.md tells: ROWS="debian-13 lua5.5" (needs root and hours)
	@tools/matrix/run $(ROWS)

install: build ## install under PREFIX (/usr/local), below DESTDIR if given
	@cmake --install build

soak: build ## run clients inside nginx amid faults and clock jumps: SECONDS=1200 CALLS=1000000
	@SOAK_SECONDS="$(SECONDS)" SOAK_CALLS="$(CALLS)" tools/soak.sh

# A script tools/<target>.sh of one of these names makes the target: it runs after the build.
later := $(filter bench fuzz package release-check,$(basename $(notdir $(wildcard tools/*.sh))))
.PHONY: $(later)
$(later): build
	@tools/$@.sh

clean: ## remove all that was built
	rm -rf build build.luarocks

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

# ar_ext: accounts receivable inside PostgreSQL.  `make help` lists the targets.

PG_CONFIG ?= pg_config
HOUSE_GOALS = help setup demo demo-stop check bench reference

# The house's own targets work where no PostgreSQL is installed yet, so they do without PGXS.
ifneq (,$(filter $(HOUSE_GOALS),$(MAKECMDGOALS)))

export PG_CONFIG DATA AS_OF

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## install what the demo and the tests need, with apt; nothing when all is there
	@tools/setup.sh

demo: ## show the extension at work in a database of its own; DATA=file.csv [AS_OF=date] loads your invoices
	@tools/demo.sh

demo-stop: ## throw the demo away
	@tools/demo.sh stop

check: ## build with every warning an error, then run every test
	@tools/check.sh

bench: ## measure: one line a measure, ours against a baseline
	@tools/bench.sh

reference: ## write docs/reference.md from the comments in the catalog
	@tools/reference.sh

# Named beside one of ours, a target of PGXS gets a make of its own.
$(filter-out $(HOUSE_GOALS),$(MAKECMDGOALS)):
	$(MAKE) $@

.PHONY: $(HOUSE_GOALS)

else

all:       ## build the extension (the default)
install:   ## install the extension into the server that PG_CONFIG names
uninstall: ## remove it from there
clean:     ## delete what the build made

EXTENSION = ar_ext
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" ar_ext.control)

MODULE_big = ar_ext
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
PG_CPPFLAGS = -I$(CURDIR)/src -DAR_EXT_VERSION='"$(EXTVERSION)"'
# QR codes are encoded by libqrencode.
SHLIB_LINK += -lqrencode
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

# The house, top to bottom: a capability leans only on those before it.
CAPABILITIES = type party access message item billing cash credit collect account report proof job
# A capability in one file, party.sql, and what it grew by subject after it, party_exchange.sql.
CODE = $(foreach c,$(CAPABILITIES),$(wildcard sql/code/$(c).sql) $(sort $(wildcard sql/code/$(c)_*.sql)))
BOOKS = $(foreach c,$(CAPABILITIES),$(wildcard sql/books/$(c).sql) $(sort $(wildcard sql/books/$(c)_*.sql)))
VERSIONED_SCRIPT = sql/ar_ext--$(EXTVERSION).sql

DATA = $(wildcard sql/upgrade/*--*.sql)
DATA_built = $(VERSIONED_SCRIPT)
EXTRA_CLEAN = $(VERSIONED_SCRIPT)

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq (,$(wildcard $(PGXS)))
$(error PostgreSQL's build files are missing: run "make setup", or say where they are with PG_CONFIG=/path/to/pg_config)
endif
include $(PGXS)

# Headers reach everywhere; a rebuild of the few files costs seconds.
$(OBJS): $(wildcard src/*.h src/*/*.h)

# The extension's code in order, then the books, in the same order, as the body of ar.create_books().
$(VERSIONED_SCRIPT): sql/begin.sql $(CODE) sql/books_begin.sql $(BOOKS) sql/books_end.sql ar_ext.control
	cat sql/begin.sql $(CODE) sql/books_begin.sql $(BOOKS) sql/books_end.sql > $@

endif

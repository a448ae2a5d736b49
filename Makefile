# ar_ext: accounts receivable inside PostgreSQL.  `make help` lists the targets.

PG_CONFIG ?= pg_config
EXTENSION = ar_ext
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" ar_ext.control)

MODULE_big = ar_ext
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
PG_CPPFLAGS = -I$(CURDIR)/src -DAR_EXT_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

# The house, top to bottom: a capability leans only on those before it.
CAPABILITIES = type party access message item billing cash credit collect account report proof job
CODE = $(wildcard $(CAPABILITIES:%=sql/code/%.sql))
BOOKS = $(wildcard $(CAPABILITIES:%=sql/books/%.sql))
VERSIONED_SCRIPT = sql/ar_ext--$(EXTVERSION).sql

DATA = $(wildcard sql/upgrade/*--*.sql)
DATA_built = $(VERSIONED_SCRIPT)
EXTRA_CLEAN = $(VERSIONED_SCRIPT)

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Headers reach everywhere; a rebuild of the few files costs seconds.
$(OBJS): $(wildcard src/*.h src/*/*.h)

# The extension's code in order, then the books, in the same order, as the body of ar.create_books().
$(VERSIONED_SCRIPT): sql/begin.sql $(CODE) sql/books_begin.sql $(BOOKS) sql/books_end.sql ar_ext.control
	cat sql/begin.sql $(CODE) sql/books_begin.sql $(BOOKS) sql/books_end.sql > $@

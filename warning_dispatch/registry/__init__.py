"""名册: units and receivers from files, all or nothing, with every error by file, row and column."""

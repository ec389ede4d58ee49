// The schema of the store's SQLite file and how older files become the present one. The version is
// PRAGMA user_version; each step runs in a transaction of its own, so that a crash between two
// leaves a file that the next start takes further. docs/formats/queue.md describes the tables.
#pragma once

#include "store/sqlite_database.h"

namespace pawl::store {

// Makes or migrates the schema. A file of a later version, or of another program, is refused.
Result<> migrate(Database& database);

int schema_version();  // what migrate() leaves

}  // namespace pawl::store

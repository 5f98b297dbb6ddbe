// Values as PostgreSQL's binary format has them, and back.
#pragma once

#include <libpq-fe.h>

#include "storage/database.h"

namespace merlon::storage {

// The parameters of one statement in the arrays that libpq wants. Borrows their texts and bytes.
class PostgresParameters {
public:
    explicit PostgresParameters(const Parameters& parameters);
    PostgresParameters(const PostgresParameters&) = delete;
    PostgresParameters& operator=(const PostgresParameters&) = delete;

    int count() const { return static_cast<int>(types_.size()); }
    // Of a NULL 0: the statement says what it is.
    const Oid* types() const { return types_.data(); }
    const char* const* values() const { return values_.data(); }
    const int* lengths() const { return lengths_.data(); }
    const int* formats() const { return formats_.data(); }

private:
    std::vector<Oid> types_;
    std::vector<std::array<char, 8>> integers_;  // in network order; never grows after the start
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

// The types of parameters, a letter each: a statement is prepared once for each.
std::string signature_of(const Parameters& parameters);

// All rows of an answer in binary format. Integers of every width, booleans and whole numerics (a
// sum of BIGINT) are integers; a type that no statement of ours gives stops the process.
Rows rows_of(const PGresult* result);

}  // namespace merlon::storage

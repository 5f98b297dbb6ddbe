// What a copy says of itself: manifest.json beside its files (copy_folder.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operations/store_transfer.h"

namespace merlon::operations {

// The copy is not what was written (Corrupt): damaged, cut off, or no copy at all.
inline constexpr std::string_view damaged_rule = "backup.damaged";

enum class Part : std::uint8_t { Data, Keys };
std::string_view name_of(Part part);

// One SQLite file, of one database.
struct CopyFile {
    std::string name;
    std::int64_t bytes = 0;
    std::string sha256;              // in hexadecimal
    std::vector<std::string> roles;  // whose tables were in that database
};

struct CopyTable {
    std::string role;
    std::string name;
    std::int64_t rows = 0;
    std::string sum;  // storage::TableSum::text

    friend bool operator==(const CopyTable&, const CopyTable&) = default;
};

// Value.
struct Manifest {
    Part part = Part::Data;
    std::string backup;   // which of them: both parts of one have the same
    std::string store;    // sealing::RootIdentity
    std::string master;   // which master key opens the keys: its id, never the key
    std::string release;  // that made it
    // RFC 3339 in UTC, so that texts compare as times. Of the data: everything in it was there
    // by then. Of the keys: everything that was there by then is in it.
    std::string taken_at;
    std::map<std::string, std::int64_t> schema;  // role → its newest migration
    std::vector<CopyFile> files;
    std::vector<CopyTable> tables;
};

inline constexpr std::string_view manifest_name = "manifest.json";
inline constexpr std::size_t manifest_bytes_max = 1 << 20;

// With a digest of all that is before it as its last member.
std::string to_json(const Manifest& manifest);
// Error: damaged_rule.
Result<Manifest> parse_manifest(std::string_view text);

// Of tables that were moved.
std::vector<CopyTable> tables_of(const std::vector<CopiedTable>& tables);

}  // namespace merlon::operations

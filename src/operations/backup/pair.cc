// Compares two manifests.
#include "operations/backup/pair.h"

#include <fmt/format.h>

#include <algorithm>

#include "installation/owned_tables.h"

namespace merlon::operations {
namespace {

std::unexpected<Error> mismatch(std::string detail) {
    return fail(Kind::Conflict, mismatch_rule, std::move(detail));
}

std::string text_of(const Copy& copy) {
    return fmt::format("{} (backup {}, {})", copy.folder.string(), copy.manifest.backup,
                       copy.manifest.taken_at);
}

Result<> require_our_tables(const Copy& copy) {
    for (const installation::OwnedTables& part : installation::owned_tables({})) {
        const auto found = copy.manifest.schema.find(std::string(part.role));
        if (found == copy.manifest.schema.end()) continue;
        if (std::cmp_equal(found->second, part.migrations.size())) continue;
        return fail(Kind::Conflict, schema_differs_rule,
                    fmt::format("the tables of {} in {} are at migration {}, and those of this "
                                "release, {}, at {}: restore it with release {}, then upgrade",
                                part.role, copy.folder.string(), found->second, MERLON_VERSION,
                                part.migrations.size(), copy.manifest.release));
    }
    return {};
}

bool is_older(const Manifest& keys, const Manifest& data) {
    return keys.backup != data.backup && keys.taken_at < data.taken_at;
}

std::string missing_text(const MissingKeys& found) {
    if (found.count == 0) return "nobody's key is missing";
    return fmt::format("{} of {} people have no key there, and nobody could read their data: {}{}",
                       found.count, found.accounts, fmt::join(found.some, ", "),
                       std::cmp_less(found.some.size(), found.count) ? ", …" : "");
}

}  // namespace

Result<> require_pair(const Copy& data, const Copy& keys, OlderKeys older,
                      const MissingKeys& found) {
    if (data.manifest.store != keys.manifest.store) {
        return mismatch(
            fmt::format("{} is of the key store {}, and {} is of {}: they are of two "
                        "installations, and these keys open nothing of this data",
                        text_of(data), data.manifest.store, text_of(keys), keys.manifest.store));
    }
    for (const Copy* copy : {&data, &keys}) MERLON_TRY(require_our_tables(*copy));
    if (older == OlderKeys::Accepted || !is_older(keys.manifest, data.manifest)) return {};
    return mismatch(fmt::format(
        "the keys are older than the data: {} was taken before {}; {}. Take a copy of the keys "
        "that is not older, or older data; with --older-keys it is restored as it is",
        text_of(keys), text_of(data), missing_text(found)));
}

}  // namespace merlon::operations

// Which two copies belong together.
#include "operations/backup/pair.h"

#include <gtest/gtest.h>

#include "installation/owned_tables.h"

namespace merlon::operations {
namespace {

constexpr const char* monday = "2026-01-05T03:00:00.000Z";
constexpr const char* tuesday = "2026-01-06T03:00:00.000Z";

Copy copy_of(Part part, std::string backup, std::string taken_at) {
    Manifest manifest{.part = part, .backup = std::move(backup), .store = "s", .master = "m"};
    manifest.release = "0.1.0";
    manifest.taken_at = std::move(taken_at);
    for (const installation::OwnedTables& tables : installation::owned_tables({})) {
        manifest.schema[std::string(tables.role)] =
            static_cast<std::int64_t>(tables.migrations.size());
    }
    return {std::move(manifest), name_of(part)};
}

TEST(Pair, IsDataWithKeysThatAreNotOlder) {
    struct Case {
        const char* data_backup;
        const char* data_at;
        const char* keys_backup;
        const char* keys_at;
        bool is_pair;
    };
    const Case cases[] = {
        {"a", monday, "a", monday, true},
        {"a", monday, "b", tuesday, true},   // the keys of Monday are gone by now
        {"b", tuesday, "a", monday, false},  // whoever came in between has no key
        {"a", tuesday, "a", monday, true},   // one backup, and a clock that was set back meanwhile
    };
    for (const auto& [data_backup, data_at, keys_backup, keys_at, is_pair] : cases) {
        const Copy data = copy_of(Part::Data, data_backup, data_at);
        const Copy keys = copy_of(Part::Keys, keys_backup, keys_at);
        const auto done = require_pair(data, keys, OlderKeys::Refused, {});
        EXPECT_EQ(done.has_value(), is_pair) << data_backup << keys_backup;
        if (!done) EXPECT_EQ(done.error().rule, mismatch_rule);
        EXPECT_TRUE(require_pair(data, keys, OlderKeys::Accepted, {}));
    }
}

TEST(Pair, SaysWhoIsMissing) {
    const Copy data = copy_of(Part::Data, "b", tuesday);
    const Copy keys = copy_of(Part::Keys, "a", monday);
    const auto said = [&](const MissingKeys& missing) {
        return require_pair(data, keys, OlderKeys::Refused, missing).error().detail;
    };
    EXPECT_NE(said({9, 2, {"p", "q"}}).find("2 of 9 people have no key there"), std::string::npos);
    EXPECT_NE(said({9, 2, {"p", "q"}}).find(": p, q. "), std::string::npos);
    EXPECT_NE(said({9, 3, {"p", "q"}}).find(": p, q, …. "), std::string::npos);
    EXPECT_NE(said({9, 0, {}}).find("nobody's key is missing"), std::string::npos);
}

TEST(Pair, OfTwoInstallationsIsNone) {
    const Copy data = copy_of(Part::Data, "a", monday);
    Copy keys = copy_of(Part::Keys, "a", monday);
    keys.manifest.store = "other";
    // No order makes them one.
    EXPECT_EQ(require_pair(data, keys, OlderKeys::Accepted, {}).error().rule, mismatch_rule);
}

TEST(Pair, HasTheTablesOfThisRelease) {
    for (const std::int64_t step : {-1, 1}) {
        Copy data = copy_of(Part::Data, "a", monday);
        data.manifest.schema["auth"] += step;
        const auto done =
            require_pair(data, copy_of(Part::Keys, "a", monday), OlderKeys::Accepted, {});
        EXPECT_EQ(done.error().rule, schema_differs_rule);
    }
    Copy without = copy_of(Part::Data, "a", monday);
    without.manifest.schema.erase("orders");  // disabled there from the beginning
    EXPECT_TRUE(require_pair(without, copy_of(Part::Keys, "a", monday), OlderKeys::Refused, {}));
}

}  // namespace
}  // namespace merlon::operations

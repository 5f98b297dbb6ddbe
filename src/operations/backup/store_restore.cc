// Read restore_store() first.
#include "operations/backup/store_restore.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/wait.h"
#include "identity/store/schema.h"
#include "operations/backup/copy_files.h"
#include "operations/backup/copy_folder.h"
#include "operations/store_locks.h"
#include "sealing/key_store.h"
#include "sealing/master_key.h"
#include "sealing/root_identity.h"

namespace merlon::operations {
namespace {

// Whoever is missing is found by looking, not by the manifests.
Result<MissingKeys> look_for_missing(const Restored& restored, storage::Database& keys) {
    const auto accounts =
        MERLON_TRY(open_file_of(restored.data.manifest, restored.data.folder, identity::auth_role));
    return wait(find_missing_keys(accounts.get(), &keys));
}

Result<> require_master(const config::Settings& settings, const Copy& copy,
                        storage::Database& keys) {
    auto master = sealing::find_master_key(settings.keys);
    if (!master) {
        if (master.error().kind != Kind::Unavailable) return std::unexpected(master.error());
        return fail(Kind::Invalid, sealing::master_key_rule,
                    fmt::format("{}. No copy has the master key: put it there first (keys.master)",
                                master.error().detail));
    }
    const std::string id = sealing::master_key_id(*master);
    if (id != copy.manifest.master) {
        return fail(Kind::Invalid, sealing::master_key_rule,
                    fmt::format("the master key of the configuration is {}, and {} was wrapped by "
                                "{}: keys.master has to be the one of then",
                                id, copy.folder.string(), copy.manifest.master));
    }
    const auto root = MERLON_TRY(wait(sealing::identify_root(&keys, &*master)));
    if (root.store == copy.manifest.store) return {};
    return fail(Kind::Corrupt, damaged_rule, copy.folder.string() + " has other keys than it says");
}

Result<> require_same(const Restored& restored, const std::vector<CopiedTable>& copied) {
    std::vector<CopyTable> said = restored.data.manifest.tables;
    said.insert(said.end(), restored.keys.manifest.tables.begin(),
                restored.keys.manifest.tables.end());
    std::ranges::sort(said, {}, &CopyTable::name);
    if (tables_of(copied) == said) return {};
    return fail(Kind::Corrupt, damaged_rule,
                "what was restored is not what the manifests say: empty the store and begin again");
}

Result<> fill(const config::Settings& settings, const Restored& restored) {
    const StoreSide to{settings.store, settings.keys.database};
    std::vector<StoreMove> moves =
        moves_between(files_of(restored.data.manifest, restored.data.folder, restored.keys.manifest,
                               restored.keys.folder),
                      to);
    std::vector<storage::DatabaseSettings> targets;
    for (const StoreMove& move : moves) targets.push_back(move.to);
    const StoreLocks locks = MERLON_TRY(lock_stores(settings, targets));
    StoreTransfer transfer(std::move(moves));
    MERLON_TRY(transfer.open_sources(Reading::Files));
    const std::string name = fmt::format("backup {}, keys of {}", restored.data.manifest.backup,
                                         restored.keys.manifest.backup);
    const Found found = MERLON_TRY(transfer.open_targets(name));
    if (found != Found::Rows) MERLON_TRY(transfer.copy_rows());
    auto copied = transfer.compare();
    // It may be this very backup's, when it came to its end and was killed before it could say so.
    if (!copied && copied.error().rule == copy_differs_rule && found == Found::Rows) {
        return fail(Kind::Conflict, not_empty_rule,
                    name_of(transfer.full_target()) + " has rows: restore into an empty store");
    }
    if (!copied) return std::unexpected(copied.error());
    MERLON_TRY(require_same(restored, *copied));
    return found == Found::Rows ? Result<>{} : transfer.release();
}

}  // namespace

Result<Restored> restore_store(const config::Settings& settings, const Places& places,
                               OlderKeys older) {
    Restored restored{{MERLON_TRY(read_copy(places.data, Part::Data)), places.data},
                      {MERLON_TRY(read_copy(places.keys, Part::Keys)), places.keys},
                      {}};
    {
        const auto keys = MERLON_TRY(
            open_file_of(restored.keys.manifest, restored.keys.folder, sealing::keys_role));
        restored.without_key = MERLON_TRY(look_for_missing(restored, *keys));
        MERLON_TRY(require_pair(restored.data, restored.keys, older, restored.without_key));
        MERLON_TRY(require_master(settings, restored.keys, *keys));
    }
    MERLON_TRY(fill(settings, restored));
    return restored;
}

}  // namespace merlon::operations

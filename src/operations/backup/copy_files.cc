// Names files after the first role whose tables they hold; the store's own is data.db.
#include "operations/backup/copy_files.h"

#include <algorithm>

#include "identity/store/schema.h"
#include "installation/owned_tables.h"
#include "sealing/key_store.h"
#include "storage/sqlite/sqlite_snapshot.h"

namespace merlon::operations {
namespace {

namespace fs = std::filesystem;

storage::SqliteSettings file_at(const fs::path& path) { return {path.string()}; }

}  // namespace

StoreSide files_for(const storage::StoreSettings& store, const fs::path& data,
                    const fs::path& keys) {
    StoreSide side{store, file_at(keys / "keys.db")};
    side.store.database = file_at(data / "data.db");
    side.store.roles.clear();
    config::Settings everything;  // of a disabled role, too
    everything.store = store;
    for (const std::string_view role : installation::roles_with_data(everything)) {
        const storage::DatabaseSettings& own = store.database_of(role);
        if (storage::is_same_database(own, store.database)) continue;
        const std::string name(installation::first_role_in(everything, own));
        side.store.roles[std::string(role)].database = file_at(data / (name + ".db"));
    }
    return side;
}

StoreSide files_of(const Manifest& data, const fs::path& data_folder, const Manifest& keys,
                   const fs::path& keys_folder) {
    StoreSide side{{}, file_at(keys_folder / keys.files.front().name)};
    side.store.database = file_at(data_folder / data.files.front().name);
    for (const CopyFile& file : data.files) {
        for (const std::string& role : file.roles) {
            side.store.roles[role].database = file_at(data_folder / file.name);
        }
    }
    return side;
}

Result<std::unique_ptr<storage::Database>> open_file_of(const Manifest& manifest,
                                                        const fs::path& folder,
                                                        std::string_view role) {
    const auto found = std::ranges::find_if(manifest.files, [&](const CopyFile& file) {
        return std::ranges::find(file.roles, role) != file.roles.end();
    });
    if (found == manifest.files.end()) {
        return fail(Kind::Corrupt, damaged_rule,
                    folder.string() + " has no file of " + std::string(role));
    }
    return MERLON_TRY(storage::SqliteSnapshot::open(folder / found->name));
}

}  // namespace merlon::operations

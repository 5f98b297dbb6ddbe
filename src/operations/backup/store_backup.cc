// Read back_up_store() first.
#include "operations/backup/store_backup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "base/wait.h"
#include "crypto/file_digest.h"
#include "identity/store/schema.h"
#include "installation/owned_tables.h"
#include "operations/backup/copy_files.h"
#include "operations/backup/copy_folder.h"
#include "sealing/key_store.h"
#include "sealing/master_key.h"
#include "sealing/root_identity.h"
#include "storage/sqlite/single_file.h"

namespace merlon::operations {
namespace {

namespace fs = std::filesystem;
using Moves = std::vector<StoreMove>;

constexpr std::size_t id_bytes = 8;

// "20260101T000000Z-0123456789abcdef"
std::string suffix_of(WallTime now, std::string_view id) {
    std::string time = rfc3339(now);
    time.erase(time.find('.'));  // milliseconds
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return fmt::format("{}Z-{}", time, id);
}

bool is_of_keys(const StoreMove& move) { return move.parts.front().role == sealing::keys_role; }

const std::string& path_of(const storage::DatabaseSettings& file) {
    return std::get<storage::SqliteSettings>(file).path;
}

// The files of a transfer that has let go of them.
Result<> close_files(const Moves& moves, const StoreSide& files, Manifest& manifest) {
    for (const StoreMove& move : moves) {
        const fs::path path = path_of(move.to);
        for (const installation::OwnedTables& part : move.parts) {
            manifest.schema[std::string(part.role)] =
                static_cast<std::int64_t>(part.migrations.size());
        }
        const std::string name = path.filename().string();
        if (std::ranges::find(manifest.files, name, &CopyFile::name) != manifest.files.end()) {
            continue;
        }
        MERLON_TRY(storage::make_single_file(path));
        const crypto::FileDigest digest = MERLON_TRY(crypto::digest_file(path));
        CopyFile file{name, digest.bytes, digest.sha256, {}};
        for (const std::string_view role : installation::roles_with_data({})) {
            const bool is_here = path_of(files.store.database_of(role)) == path;
            if (is_here) file.roles.emplace_back(role);
        }
        manifest.files.push_back(std::move(file));
    }
    return {};
}

// What is being made.
struct Making {
    const SystemClock clock;
    SystemEntropy entropy;
    std::string id = text::to_hex(entropy.bytes(id_bytes));
    std::unique_ptr<Draft> data;
    std::unique_ptr<Draft> keys;
    StoreSide files;
    Backup backup;
};

// The snapshot is taken first; then the rest takes as long as it takes.
Result<Moves> copy_data(Making& making, Moves moves) {
    StoreTransfer transfer(std::move(moves));
    MERLON_TRY(transfer.open_sources(Reading::Snapshot));
    making.backup.data.taken_at = rfc3339(making.clock.wall());
    MERLON_TRY(transfer.open_targets("backup " + making.id));
    MERLON_TRY(transfer.copy_rows());
    making.backup.data.tables = tables_of(MERLON_TRY(transfer.compare()));
    MERLON_TRY(transfer.release());
    return transfer.moves();
}

Result<Moves> copy_keys(Making& making, Moves moves, const Secret& master) {
    StoreTransfer transfer(std::move(moves));
    making.backup.keys.taken_at = rfc3339(making.clock.wall());
    MERLON_TRY(transfer.open_sources(Reading::Snapshot));
    // A copy that this master key does not open would be worth nothing.
    const auto root = MERLON_TRY(wait(sealing::identify_root(&transfer.source(), &master)));
    for (Manifest* manifest : {&making.backup.data, &making.backup.keys}) {
        manifest->backup = making.id;
        manifest->store = root.store;
        manifest->master = root.master;
        manifest->release = MERLON_VERSION;
    }
    MERLON_TRY(transfer.open_targets("backup " + making.id));
    MERLON_TRY(transfer.copy_rows());
    making.backup.keys.tables = tables_of(MERLON_TRY(transfer.compare()));
    MERLON_TRY(transfer.release());
    return transfer.moves();
}

Result<> finish(Making& making) {
    Backup& backup = making.backup;
    const auto accounts =
        MERLON_TRY(open_file_of(backup.data, making.data->folder(), identity::auth_role));
    const auto keys =
        MERLON_TRY(open_file_of(backup.keys, making.keys->folder(), sealing::keys_role));
    backup.without_key = MERLON_TRY(wait(find_missing_keys(accounts.get(), keys.get())));
    MERLON_TRY(write_manifest(making.data->folder(), backup.data, making.entropy));
    MERLON_TRY(write_manifest(making.keys->folder(), backup.keys, making.entropy));
    // Keys without data harm nobody; data whose keys are missing looks like a backup.
    MERLON_TRY(making.keys->finish());
    MERLON_TRY(making.data->finish());
    backup.data_folder = making.data->target().string();
    backup.keys_folder = making.keys->target().string();
    return {};
}

}  // namespace

Result<Backup> back_up_store(const config::Settings& settings, const Places& places) {
    MERLON_TRY(require_apart(places));
    MERLON_TRY(require_beside_no_store(settings, places));
    const Secret master = MERLON_TRY(sealing::find_master_key(settings.keys));
    Making making;
    const std::string suffix = suffix_of(making.clock.wall(), making.id);
    making.data = MERLON_TRY(Draft::open(places.data, "merlon-data-" + suffix));
    making.keys = MERLON_TRY(Draft::open(places.keys, "merlon-keys-" + suffix));
    making.files = files_for(settings.store, making.data->folder(), making.keys->folder());

    Moves data;
    Moves keys;
    const StoreSide from{settings.store, settings.keys.database};
    Moves moves = moves_between(from, making.files);
    allow_absent(settings, from, moves);
    for (StoreMove& move : moves) {
        (is_of_keys(move) ? keys : data).push_back(std::move(move));
    }
    making.backup.keys.part = Part::Keys;
    data = MERLON_TRY(copy_data(making, std::move(data)));
    keys = MERLON_TRY(copy_keys(making, std::move(keys), master));
    MERLON_TRY(close_files(data, making.files, making.backup.data));
    MERLON_TRY(close_files(keys, making.files, making.backup.keys));
    making.backup.keys.files.front().roles = {std::string(sealing::keys_role)};
    MERLON_TRY(finish(making));
    return std::move(making.backup);
}

}  // namespace merlon::operations

// Reads the root keys' rows and opens them.
#include "sealing/root_identity.h"

#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/mac.h"
#include "sealing/key_store.h"
#include "sealing/master_key.h"

namespace merlon::sealing {
namespace {

constexpr std::size_t id_bytes = 16;

std::string id_of(const Secret& key, std::string_view purpose) {
    const crypto::Sha256 mac = crypto::HmacSha256(key).mac(purpose);
    return text::to_hex(crypto::as_text(mac).substr(0, id_bytes));
}

}  // namespace

std::string master_key_id(const Secret& master) { return id_of(master, "merlon master key id"); }

Task<RootIdentity> identify_root(storage::Database* database, const Secret* master) {
    const auto rows = MERLON_CO_TRY(
        co_await database->query("SELECT wrapped FROM root_keys WHERE name = 'root'"));
    if (rows.empty()) {
        co_return fail(Kind::Absent, key_destroyed_rule, "the key store has no root keys");
    }
    const auto wrapping = MERLON_CO_TRY(crypto::AeadKey::make(*master));
    const auto root = wrapping.open_secret(rows[0].blob(0), "root");
    if (!root) {
        co_return fail(Kind::Invalid, master_key_rule,
                       "this master key is not the one that the key store was made with");
    }
    co_return RootIdentity{id_of(*root, "merlon key store id"), master_key_id(*master)};
}

}  // namespace merlon::sealing

// The keys that sign our tokens, kept encrypted under the key store's root key.
#pragma once

#include "sealing/key_store.h"
#include "tokens/issuer.h"

namespace merlon::identity {

// The ring of this database; at first start, or after another algorithm was configured, with a new
// key. With HS256 the configured secrets. Errors: those of Database, "keys.master" (a key does not
// open), those of Rings::of_secrets. Borrows all for the task.
Task<tokens::Rings> load_signing_keys(storage::Database& database, const sealing::KeyStore& keys,
                                      const tokens::TokenSettings& settings, const Clock& clock,
                                      Entropy& entropy);

}  // namespace merlon::identity

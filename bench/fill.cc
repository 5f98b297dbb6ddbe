// Fills the store in the working directory for the bench: COUNT accounts with their keys and sealed
// fields, a tenth of them with all sessions ended by a revocation that is in force for a year, and
// COUNT products with the words they are found by. All of it is written by the product's own
// functions, so the server finds nothing that it would not have made.
//
// Every account has the same password, hashed once at the least cost.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "base/spawn.h"
#include "base/uuid.h"
#include "base/wait.h"
#include "crypto/password_hash.h"
#include "identity/accounts/accounts.h"
#include "identity/sessions/session_store.h"
#include "identity/store/schema.h"
#include "products/product_store.h"
#include "sealing/master_key.h"
#include "storage/sqlite/sqlite_database.h"

using namespace merlon;
using storage::Transaction;

namespace {

// Accounts are made by that many tasks at once, so that their keys share commits (each has one to
// itself in the key store), and are written so many in a transaction.
constexpr std::size_t tasks = 256;
constexpr std::size_t accounts_a_transaction = 200;
constexpr std::size_t products_a_transaction = 2'000;

constexpr std::size_t revoked_share = 10;  // one of so many
constexpr std::chrono::hours revoked_for{24 * 365};

constexpr std::size_t vocabulary_words = 2'000;
constexpr std::size_t name_words = 2;
constexpr std::size_t description_words = 2;

// Of the writing connection, which is closed at the end: a page of a word's index is touched again
// long before a small cache would have kept it.
constexpr storage::Sql larger_cache = "PRAGMA cache_size = -1000000";

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "bench_fill: %s %s\n", std::string(result.error().rule).c_str(),
                     result.error().detail.c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class Filler {
public:
    Filler(storage::SqliteDatabase& database, sealing::KeyStore& keys, const Clock& clock,
           Entropy& entropy, std::size_t count)
        : database_(database),
          clock_(clock),
          entropy_(entropy),
          accounts_(database, keys, entropy),
          count_(count) {
        crypto::PasswordHasher hasher;
        password_ = must(hasher.hash("Horse$Battery9", {.bcrypt_cost = crypto::bcrypt_cost_min},
                                     crypto::password_salt(entropy_)));
        for (std::size_t i = 0; i < vocabulary_words; ++i) vocabulary_.push_back(made_up_word());
    }

    void fill() {
        asio::io_context loop(1);
        for (std::size_t i = 0; i < tasks; ++i) {
            spawn(loop.get_executor(), make_accounts(), [](Result<> done) { must(done); });
        }
        spawn(loop.get_executor(), make_products(), [](Result<> done) { must(done); });
        loop.run();
    }

private:
    Task<> make_accounts() {
        while (accounts_made_ < count_) {
            std::vector<identity::SealedAccount> made;
            while (accounts_made_ < count_ && made.size() < accounts_a_transaction) {
                made.push_back(MERLON_CO_TRY(co_await sealed_account(accounts_made_++)));
            }
            const std::int64_t until = (clock_.wall() + revoked_for).time_since_epoch().count();
            MERLON_CO_TRY(co_await database_.transact_work([made, until](Transaction& transaction) {
                return insert_accounts(&transaction, made, until);
            }));
        }
        co_return Result<>{};
    }

    Task<identity::SealedAccount> sealed_account(std::size_t number) {
        identity::Account account;
        account.id = Uuid::make_v7(clock_.wall(), entropy_).str();
        account.email = "person" + std::to_string(number) + "@example.com";
        account.first_name = "Ada";
        account.last_name = "Lovelace";
        account.role = "user";
        account.password = password_;
        account.created_at = clock_.wall();
        const wire::Email email = MERLON_CO_TRY(wire::Email::parse(account.email));
        co_return co_await accounts_.seal(std::move(account), email);
    }

    static Task<> insert_accounts(Transaction* transaction,
                                  std::vector<identity::SealedAccount> made,
                                  std::int64_t revoked_until) {
        for (std::size_t i = 0; i < made.size(); ++i) {
            MERLON_CO_TRY(co_await identity::Accounts::insert(*transaction, made[i]));
            if (i % revoked_share != 0) continue;
            MERLON_CO_TRY(
                co_await identity::session_store::end_all(*transaction, made[i].id, revoked_until));
        }
        co_return Result<>{};
    }

    Task<> make_products() {
        for (std::size_t made = 0; made < count_;) {
            std::vector<products::Product> products;
            while (made < count_ && products.size() < products_a_transaction) {
                products.push_back(product(made++));
            }
            MERLON_CO_TRY(co_await database_.transact_work([products](Transaction& transaction) {
                return insert_products(&transaction, products);
            }));
        }
        co_return Result<>{};
    }

    products::Product product(std::size_t number) {
        products::Product product;
        product.id = Uuid::make_v7(clock_.wall(), entropy_).str();
        product.form = {words(name_words), words(description_words),
                        static_cast<std::int64_t>(100 + number % 100'000), "EUR", 1'000'000'000};
        if (number == count_ / 2) product.form.description += " rareword";
        product.created_at = product.updated_at = clock_.wall().time_since_epoch().count();
        return product;
    }

    static Task<> insert_products(Transaction* transaction,
                                  std::vector<products::Product> products) {
        for (auto& product : products) {
            MERLON_CO_TRY(
                co_await products::product_store::insert(*transaction, std::move(product)));
        }
        co_return Result<>{};
    }

    std::string made_up_word() {
        static constexpr std::string_view consonants = "bdfgklmnprstvz";
        static constexpr std::string_view vowels = "aeiou";
        std::string word;
        for (int i = 0; i < 4; ++i) {
            word += consonants[engine_() % consonants.size()];
            word += vowels[engine_() % vowels.size()];
        }
        return word;
    }

    std::string words(std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            if (i > 0) text += ' ';
            text += vocabulary_[engine_() % vocabulary_.size()];
        }
        return text;
    }

    storage::SqliteDatabase& database_;
    const Clock& clock_;
    Entropy& entropy_;
    identity::Accounts accounts_;
    const std::size_t count_;
    std::string password_;
    std::mt19937_64 engine_{7};  // the same products in every store
    std::vector<std::string> vocabulary_;
    std::size_t accounts_made_ = 0;
};

Task<> enlarge_cache(Transaction* transaction) {
    co_return co_await transaction->run_script(larger_cache);
}

std::unique_ptr<storage::SqliteDatabase> open(const char* path) {
    auto database = must(storage::SqliteDatabase::open(path));
    must(wait(database->transact_work(
        [](Transaction& transaction) { return enlarge_cache(&transaction); })));
    return database;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: bench_fill COUNT\n");
        return 2;
    }
    SystemClock clock;
    SystemEntropy entropy;
    const auto key_database = open("data/keys.db");
    const auto database = open("data/merlon.db");
    const auto keys = must(wait(sealing::KeyStore::open(
        *key_database, clock, entropy, must(sealing::load_master_key({}, entropy)))));
    must(
        wait(storage::migrate(*database, clock, identity::auth_role, identity::auth_migrations())));
    must(wait(storage::migrate(*database, clock, products::products_role,
                               products::products_migrations())));
    Filler(*database, *keys, clock, entropy, std::strtoul(arguments[1], nullptr, 10)).fill();
}

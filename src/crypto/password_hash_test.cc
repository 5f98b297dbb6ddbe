// Tests of password hashes: nothing is cut, costs are bounded, unknown users cost the same.
#include "crypto/password_hash.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

namespace merlon::crypto {
namespace {

// Low costs: these tests are about rules, not about slowness.
constexpr PasswordScheme quick_bcrypt{.kind = PasswordKind::Bcrypt, .bcrypt_cost = 4};
constexpr PasswordScheme quick_argon2{
    .kind = PasswordKind::Argon2id, .argon2_memory_kib = 64, .argon2_passes = 1};

// A salt and a hash of the right lengths.
const std::string bcrypt_rest = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

TEST(PasswordHasher, MatchesOnlyThePasswordItHashed) {
    SeededEntropy entropy(4);
    PasswordHasher hasher;
    for (const PasswordScheme& scheme : {quick_bcrypt, quick_argon2}) {
        const std::string hash =
            hasher.hash("Corr3ct!horse", scheme, password_salt(entropy)).value();
        EXPECT_TRUE(hasher.verify("Corr3ct!horse", hash, scheme)->matches) << hash;
        EXPECT_FALSE(hasher.verify("Corr3ct!horse", hash, scheme)->needs_rehash) << hash;
        for (const std::string_view wrong :
             {"corr3ct!horse", "Corr3ct!horse ", "", "Corr3ct!hors"}) {
            EXPECT_FALSE(hasher.verify(wrong, hash, scheme)->matches) << wrong;
        }
        EXPECT_NE(hasher.hash("Corr3ct!horse", scheme, password_salt(entropy)).value(),
                  hash);  // salted
    }
}

TEST(PasswordHasher, KnowsHashesOfOtherPrograms) {
    PasswordHasher hasher;
    struct Case {
        std::string_view password;
        std::string_view hash;
    };
    const Case cases[] = {
        // The test vectors of OpenBSD's and the Python bcrypt projects.
        {"Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"},
        {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
        {"\xff\xff\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"},
    };
    for (const auto& [password, hash] : cases) {
        EXPECT_TRUE(hasher.verify(password, hash, quick_bcrypt)->matches) << hash;
    }
    // $2a$ and $2y$ verify, and are made anew as $2b$.
    EXPECT_TRUE(hasher.verify("U*U", cases[1].hash, {.bcrypt_cost = 5})->needs_rehash);
}

TEST(PasswordHasher, RefusesWhatBcryptWouldCut) {
    SeededEntropy entropy(5);
    PasswordHasher hasher;
    const std::string longest(72, 'x');
    const std::string hash = hasher.hash(longest, quick_bcrypt, password_salt(entropy)).value();
    EXPECT_EQ(hasher.hash(longest + "y", quick_bcrypt, password_salt(entropy)).error().rule,
              "password.too_long");
    EXPECT_EQ(
        hasher.hash(std::string("a\0b", 3), quick_bcrypt, password_salt(entropy)).error().rule,
        "password.nul");
    EXPECT_TRUE(hasher.verify(longest, hash, quick_bcrypt)->matches);
    EXPECT_FALSE(hasher.verify(longest + "y", hash, quick_bcrypt)->matches);
    const std::string short_hash = hasher.hash("a", quick_bcrypt, password_salt(entropy)).value();
    EXPECT_FALSE(hasher.verify(std::string("a\0b", 3), short_hash, quick_bcrypt)->matches);

    const std::string long_hash =
        hasher.hash(longest + "y", quick_argon2, password_salt(entropy)).value();
    EXPECT_TRUE(hasher.verify(longest + "y", long_hash, quick_argon2)->matches);
    EXPECT_FALSE(hasher.verify(longest, long_hash, quick_argon2)->matches);
}

TEST(PasswordHasher, AsksForANewHashWhenTheSchemeChanged) {
    SeededEntropy entropy(6);
    PasswordHasher hasher;
    const std::string bcrypt = hasher.hash("p", quick_bcrypt, password_salt(entropy)).value();
    const std::string argon2 = hasher.hash("p", quick_argon2, password_salt(entropy)).value();
    PasswordScheme more = quick_argon2;
    more.argon2_memory_kib = 128;
    EXPECT_TRUE(hasher.verify("p", bcrypt, {.bcrypt_cost = 5})->needs_rehash);
    EXPECT_TRUE(hasher.verify("p", bcrypt, quick_argon2)->needs_rehash);
    EXPECT_TRUE(hasher.verify("p", argon2, quick_bcrypt)->needs_rehash);
    EXPECT_TRUE(hasher.verify("p", argon2, more)->needs_rehash);
    EXPECT_FALSE(hasher.verify("wrong", argon2, more)->needs_rehash);  // nothing to hash
}

TEST(PasswordHasher, RefusesCostsOutOfBounds) {
    SeededEntropy entropy(7);
    PasswordHasher hasher;
    const PasswordScheme schemes[] = {
        {.bcrypt_cost = 3},
        {.bcrypt_cost = 17},
        {.bcrypt_cost = -1},
        {.kind = PasswordKind::Argon2id, .argon2_memory_kib = (512 << 10) + 1},
        {.kind = PasswordKind::Argon2id, .argon2_memory_kib = 7},
        {.kind = PasswordKind::Argon2id, .argon2_passes = 0},
        {.kind = PasswordKind::Argon2id, .argon2_lanes = 0},
    };
    for (const auto& scheme : schemes) {
        EXPECT_EQ(hasher.hash("p", scheme, password_salt(entropy)).error().rule, "password.scheme");
    }
}

TEST(DummyPasswordHash, TakesTheSameWorkAndNeverMatches) {
    SeededEntropy entropy(8);
    PasswordHasher hasher;
    for (const PasswordScheme& scheme : {quick_bcrypt, quick_argon2}) {
        for (int i = 0; i < 20; ++i) {
            const std::string dummy = dummy_password_hash(scheme, entropy);
            const auto encoding = parse_password_hash(dummy);
            ASSERT_TRUE(encoding) << dummy;
            EXPECT_EQ(encoding->scheme.kind, scheme.kind);
            const auto verdict = hasher.verify("anything", dummy, scheme);
            ASSERT_TRUE(verdict) << dummy;  // it was really hashed, not refused early
            EXPECT_FALSE(verdict->matches);
        }
    }
}

TEST(PasswordHasher, KnowsEveryVariantOfArgon2) {
    PasswordHasher hasher;
    for (const std::string_view hash : {
             // Of the reference implementation's own tests, test.c.
             "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
             "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbt"
             "A",
             // Made by argon2_hash() of Debian's libargon2 20171227.
             "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
             "$argon2d$v=19$m=256,t=2,p=2$c29tZXNhbHQ$e2nJLXw4iarRKB28i678Esw3yA8cdeM+8sLUDCjrxXM",
         }) {
        const auto right = hasher.verify("password", hash, quick_argon2);
        ASSERT_TRUE(right) << hash;
        EXPECT_TRUE(right->matches && right->needs_rehash) << hash;
        EXPECT_FALSE(hasher.verify("Password", hash, quick_argon2)->matches) << hash;
    }
    PasswordScheme same = quick_argon2;
    same.argon2_memory_kib = 256;
    same.argon2_passes = same.argon2_lanes = 2;
    const std::string_view ours =
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
    EXPECT_FALSE(hasher.verify("password", ours, same)->needs_rehash);
}

std::chrono::nanoseconds thread_time() {
    ::timespec spent{};
    EXPECT_EQ(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent), 0);
    return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

// Processor time of this thread: without what is added, the ratio is 1 to 64.
TEST(PasswordHasher, AWrongPasswordCostsAsMuchWithACheapHashAsWithNone) {
    SeededEntropy entropy(9);
    PasswordHasher hasher;
    const PasswordScheme configured{.bcrypt_cost = 10};
    const auto cost_of = [&](const std::string& hash) {
        const auto begin = thread_time();
        EXPECT_FALSE(hasher.verify("wrong", hash, configured)->matches);
        return thread_time() - begin;
    };
    const auto for_nobody = cost_of(dummy_password_hash(configured, entropy));
    const auto for_cheap = cost_of(dummy_password_hash(quick_bcrypt, entropy));
    EXPECT_GT(for_cheap * 4, for_nobody);
    EXPECT_GT(for_nobody * 4, for_cheap);
}

TEST(PasswordEncoding, BoundsWhatVerifyingCosts) {
    const std::string salt_hash = "$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0";
    constexpr std::string_view accepted;
    struct Case {
        std::string encoded;
        std::string_view rule = accepted;
    };
    const Case cases[] = {
        {"$2b$12$" + bcrypt_rest},
        {"$2a$04$" + bcrypt_rest},
        {"$2y$16$" + bcrypt_rest},
        {"$2b$17$" + bcrypt_rest, password_cost_rule},  // twice the most expensive we verify
        {"$2b$31$" + bcrypt_rest, password_cost_rule},  // days
        {"$2b$03$" + bcrypt_rest, password_cost_rule},
        {"$2b$00$" + bcrypt_rest, password_cost_rule},
        {"$2b$+9$" + bcrypt_rest, password_encoding_rule},
        {"$2b$ 9$" + bcrypt_rest, password_encoding_rule},
        {"$2x$12$" + bcrypt_rest, password_kind_rule},  // the format of a bug
        {"$2$12$" + bcrypt_rest, password_kind_rule},
        {"$2B$12$" + bcrypt_rest, password_kind_rule},
        {"$2b$12$" + bcrypt_rest + "a", password_encoding_rule},  // one long
        {"$2b$12$" + bcrypt_rest.substr(1), password_encoding_rule},
        {"$2b$12$" + bcrypt_rest.substr(1) + ":", password_encoding_rule},
        {"$2b$12$" + bcrypt_rest.substr(0, 52) + "z", password_encoding_rule},  // an unused bit
        {"$2b$12$" + bcrypt_rest.substr(0, 21) + "f" + bcrypt_rest.substr(22),
         password_encoding_rule},  // the same in the salt
        {"$2b$12$" + bcrypt_rest.substr(0, 52) + std::string(1, '\0'), password_encoding_rule},
        {"$2b$", password_encoding_rule},
        {"$2", password_kind_rule},
        {"$1$salt$hash", password_kind_rule},  // MD5
        {"$6$salt$hash", password_kind_rule},
        {"_J9..rasmBYk8r9AiWNc", password_kind_rule},  // DES of BSDi
        {"rl.3StKT.4T8M", password_kind_rule},         // DES, eight letters of the password
        {"5f4dcc3b5aa765d61d8327deb882cf99", password_kind_rule},  // MD5 in hexadecimal
        {"plain", password_kind_rule},
        {"", password_kind_rule},
        {"$argon2id$v=19$m=19456,t=2,p=1" + salt_hash},
        {"$argon2i$v=19$m=19456,t=2,p=1" + salt_hash},
        {"$argon2d$v=19$m=19456,t=2,p=8" + salt_hash},
        {"$argon2id$v=19$m=524288,t=4,p=1" + salt_hash},
        {"$argon2id$v=19$m=524288,t=5,p=1" + salt_hash, password_cost_rule},  // above 2 GiB
        {"$argon2id$v=19$m=131072,t=16,p=8" + salt_hash},
        {"$argon2id$v=19$m=524289,t=2,p=1" + salt_hash, password_cost_rule},      // above 512 MiB
        {"$argon2id$v=19$m=4294967295,t=2,p=1" + salt_hash, password_cost_rule},  // 4 TiB
        {"$argon2id$v=19$m=4294967296,t=2,p=1" + salt_hash, password_encoding_rule},  // wraps to 0
        {"$argon2id$v=19$m=19456,t=17,p=1" + salt_hash, password_cost_rule},
        {"$argon2id$v=19$m=19456,t=0,p=1" + salt_hash, password_cost_rule},
        {"$argon2id$v=19$m=19456,t=2,p=9" + salt_hash, password_cost_rule},
        {"$argon2id$v=19$m=19456,t=2,p=0" + salt_hash, password_cost_rule},
        {"$argon2id$v=19$m=7,t=2,p=1" + salt_hash, password_cost_rule},
        {"$argon2id$v=16$m=19456,t=2,p=1" + salt_hash, password_encoding_rule},  // before 1.3
        {"$argon2id$m=19456,t=2,p=1" + salt_hash, password_encoding_rule},
        {"$argon2id$v=19$m=19456,t=2,p=1,keyid=AAAA" + salt_hash, password_encoding_rule},
        {"$argon2id$v=19$t=2,m=19456,p=1" + salt_hash, password_encoding_rule},
        {"$argon2id$v=19$m=19456, t=2,p=1" + salt_hash, password_encoding_rule},
        {"$argon2id$v=19$m=19456,t=2,p=1" + salt_hash + "=", password_encoding_rule},
        {"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ_$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0",
         password_encoding_rule},  // the other alphabet
        {"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHR$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0",
         password_encoding_rule},  // an unused bit
        {"$argon2id$v=19$m=19456,t=2,p=1$$", password_encoding_rule},
        {"$argon2$v=19$m=19456,t=2,p=1" + salt_hash, password_kind_rule},
    };
    for (const auto& [encoded, rule] : cases) {
        const auto encoding = parse_password_hash(encoded);
        EXPECT_EQ(encoding ? accepted : encoding.error().rule, rule) << encoded;
    }
}

}  // namespace
}  // namespace merlon::crypto

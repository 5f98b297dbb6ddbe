// Tests of password hashes: nothing is cut, costs are bounded, unknown users cost the same.
#include "crypto/password_hash.h"

#include <gtest/gtest.h>

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

TEST(PasswordEncoding, BoundsWhatVerifyingCosts) {
    const std::string salt_hash = "$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0";
    struct Case {
        std::string encoded;
        bool accepted;
    };
    const Case cases[] = {
        {"$2b$12$" + bcrypt_rest, true},
        {"$2a$04$" + bcrypt_rest, true},
        {"$2y$16$" + bcrypt_rest, true},
        {"$2b$17$" + bcrypt_rest, false},        // twice the dearest we verify
        {"$2b$31$" + bcrypt_rest, false},        // days
        {"$2b$03$" + bcrypt_rest, false},        //
        {"$2b$+9$" + bcrypt_rest, false},        //
        {"$2x$12$" + bcrypt_rest, false},        // the format of a bug
        {"$2$12$" + bcrypt_rest, false},         //
        {"$2b$12$" + bcrypt_rest + "a", false},  // one long
        {"$2b$12$" + bcrypt_rest.substr(1), false},
        {"$2b$12$" + bcrypt_rest.substr(1) + ":", false},
        {"$2b$", false},
        {"$1$salt$hash", false},  // MD5
        {"$6$salt$hash", false},
        {"plain", false},
        {"", false},
        {"$argon2id$v=19$m=19456,t=2,p=1" + salt_hash, true},
        {"$argon2id$v=19$m=524288,t=2,p=1" + salt_hash, true},
        {"$argon2id$v=19$m=524289,t=2,p=1" + salt_hash, false},      // above 512 MiB
        {"$argon2id$v=19$m=4294967295,t=2,p=1" + salt_hash, false},  // 4 TiB
        {"$argon2id$v=19$m=4294967296,t=2,p=1" + salt_hash, false},  // wraps to 0
        {"$argon2id$v=19$m=19456,t=17,p=1" + salt_hash, false},
        {"$argon2id$v=19$m=19456,t=2,p=9" + salt_hash, false},
        {"$argon2id$v=19$m=7,t=2,p=1" + salt_hash, false},
        {"$argon2id$v=16$m=19456,t=2,p=1" + salt_hash, false},  // the version before 1.3
        {"$argon2id$m=19456,t=2,p=1" + salt_hash, false},
        {"$argon2i$v=19$m=19456,t=2,p=1" + salt_hash, false},
        {"$argon2d$v=19$m=19456,t=2,p=1" + salt_hash, false},
        {"$argon2id$v=19$m=19456, t=2,p=1" + salt_hash, false},
        {"$argon2id$v=19$m=19456,t=2,p=1$$", false},
    };
    for (const auto& [encoded, accepted] : cases) {
        const auto encoding = parse_password_hash(encoded);
        EXPECT_EQ(encoding.has_value(), accepted) << encoded;
        if (!encoding) EXPECT_EQ(encoding.error().rule, "password.encoding");
    }
}

}  // namespace
}  // namespace merlon::crypto

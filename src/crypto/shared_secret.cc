// Recognises shared secrets that stand in somebody's documentation.
#include "crypto/shared_secret.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <string>
#include <vector>

#include "base/text.h"
#include "crypto/signature.h"

namespace merlon::crypto {
namespace {

// What the samples of tutorials, frameworks and jwt.io are made of: "your-256-bit-secret",
// "a-string-secret-at-least-256-bits-long", "super-secret-jwt-token-with-at-least-32-characters-
// long", "changeme", "my_very_secret_key_for_development_only". A real secret is never wholly made
// of these.
constexpr auto sample_words = std::to_array<std::string_view>(
    {"a",          "access",     "admin",     "an",          "and",    "app",     "at",
     "auth",       "be",         "bit",       "bits",        "cat",    "change",  "char",
     "character",  "characters", "chars",     "default",     "demo",   "dev",     "development",
     "do",         "dummy",      "env",       "example",     "fake",   "for",     "here",
     "hs256",      "in",         "insecure",  "is",          "it",     "json",    "jwt",
     "key",        "keyboard",   "least",     "long",        "longer", "master",  "me",
     "minimum",    "must",       "my",        "never",       "not",    "of",      "only",
     "or",         "pass",       "password",  "phrase",      "please", "private", "prod",
     "production", "random",     "refresh",   "replace",     "safe",   "sample",  "secret",
     "secrets",    "secure",     "session",   "should",      "sign",   "signing", "some",
     "something",  "string",     "super",     "supersecret", "test",   "testing", "than",
     "that",       "the",        "this",      "to",          "token",  "top",     "use",
     "value",      "very",       "web",       "with",        "you",    "your",    "0",
     "1",          "2",          "3",         "12",          "32",     "64",      "123",
     "128",        "256",        "512",       "1234",        "12345",  "123456",  "12345678",
     "123456789",  "1234567890", "0123456789"});

// Letters and digits in lower case: separators and padding hide nothing.
std::string fold(std::string_view secret) {
    std::string folded;
    for (const char c : secret) {
        if (text::is_alpha(c) || text::is_digit(c)) folded += text::lower(c);
    }
    return folded;
}

// Whether the whole text is sample words in a row; a last word may be cut off, as when a sample is
// repeated to a length.
bool made_of_sample_words(std::string_view folded) {
    std::vector<bool> reachable(folded.size() + 1, false);
    reachable[0] = true;
    for (std::size_t start = 0; start < folded.size(); ++start) {
        if (!reachable[start]) continue;
        const std::string_view rest = folded.substr(start);
        for (const std::string_view word : sample_words) {
            if (rest.starts_with(word)) reachable[start + word.size()] = true;
            if (word.starts_with(rest)) return true;
        }
    }
    return reachable.back();
}

// 32 random bytes, or as few as 32 random hexadecimal digits, have fewer than six different
// characters less often than once in 10^9.
constexpr std::size_t different_characters_min = 6;

std::size_t different_characters(std::string_view secret) {
    std::bitset<256> seen;
    for (const char c : secret) seen.set(static_cast<unsigned char>(c));
    return seen.count();
}

}  // namespace

Result<> check_shared_secret(const Secret& secret) {
    if (secret.size() < hs256_secret_bytes_min) {
        return fail(Kind::Invalid, "secret.short",
                    "a token secret has at least 32 bytes: openssl rand -hex 32 makes one");
    }
    std::string folded = fold(secret.reveal());
    // Fewer letters and digits than this are the accidents of random symbols.
    constexpr std::size_t folded_bytes_min = 6;
    const bool sample = folded.size() >= folded_bytes_min && made_of_sample_words(folded);
    wipe(folded);
    if (sample || different_characters(secret.reveal()) < different_characters_min) {
        return fail(Kind::Invalid, "secret.sample",
                    "this token secret is a sample that everybody knows: openssl rand -hex 32 "
                    "makes one of your own");
    }
    return {};
}

}  // namespace merlon::crypto

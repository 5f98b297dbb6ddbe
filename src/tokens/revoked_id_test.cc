// Identifiers of what may be revoked.
#include "tokens/revoked_id.h"

#include <gtest/gtest.h>

namespace merlon::tokens {
namespace {

const std::string uuid = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21";

TEST(RevokedId, IsAUuidInEitherCaseAndNothingElse) {
    const auto genuine = RevokedId::parse(uuid);
    ASSERT_TRUE(genuine);
    EXPECT_EQ(genuine->text(), uuid);
    for (std::size_t place = 0; place < uuid.size(); ++place) {
        for (int code = 0; code < 256; ++code) {
            std::string text = uuid;
            text[place] = static_cast<char>(code);
            std::string lower = text;
            if (code >= 'A' && code <= 'Z') lower[place] = static_cast<char>(code + 32);
            const std::string_view allowed = uuid[place] == '-' ? "-" : "0123456789abcdef";
            const auto parsed = RevokedId::parse(text);
            ASSERT_EQ(parsed.has_value(), allowed.contains(lower[place])) << place << " " << code;
            if (!parsed) continue;
            EXPECT_EQ(parsed->text(), lower);
            EXPECT_EQ(*parsed == *genuine, lower == uuid);
        }
    }
    for (const std::string& text : {std::string(), uuid.substr(1), uuid + "0", uuid + uuid,
                                    std::string(36, '-'), std::string(36, '0')}) {
        EXPECT_FALSE(RevokedId::parse(text)) << text;
    }
}

}  // namespace
}  // namespace merlon::tokens

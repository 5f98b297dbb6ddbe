// E-mail addresses: Joi's rules, one identity per mailbox, and isemail's table.
#include "wire/email.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace merlon::wire {
namespace {

TEST(Email, KeepsWhatWasTypedAndIsUniqueByItsCanonicalForm) {
    struct Case {
        std::string_view text, typed, canonical;
    };
    const Case cases[] = {
        {"Ada@Example.COM", "Ada@Example.COM", "ada@example.com"},
        {"a.b+c@ex-ample.co.uk", "a.b+c@ex-ample.co.uk", "a.b+c@ex-ample.co.uk"},
        {"!#$%&'*/=?^_`{|}~@example.com", "!#$%&'*/=?^_`{|}~@example.com",
         "!#$%&'*/=?^_`{|}~@example.com"},
        {"e\u0301@example.com", "\u00e9@example.com", "\u00e9@example.com"},  // NFC
        {"mi\u212ae@example.com", "miKe@example.com", "mike@example.com"},    // KELVIN SIGN
        {"m\u0131ke@example.com", "m\u0131ke@example.com",
         "m\u0131ke@example.com"},  // dotless: somebody else than mike
        {"\uff4dike@example.com", "\uff4dike@example.com", "mike@example.com"},  // full width
        {"stra\u00dfe@example.com", "stra\u00dfe@example.com", "strasse@example.com"},
        {"a@b\u00fccher.example", "a@b\u00fccher.example", "a@xn--bcher-kva.example"},
        {"a@B\u00dcCHER.example", "a@B\u00dcCHER.example", "a@xn--bcher-kva.example"},
        {"a@XN--BCHER-KVA.example", "a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"},
        {"a@example\u3002com", "a@example\u3002com", "a@example.com"},  // ideographic full stop
    };
    for (const auto& [text, typed, canonical] : cases) {
        const auto email = Email::parse(text);
        ASSERT_TRUE(email) << text;
        EXPECT_EQ(email->as_typed(), typed);
        EXPECT_EQ(email->canonical(), canonical);
    }
}

TEST(Email, FoldingTwiceIsFoldingOnce) {
    // U+03D2 U+0301 and its kin fold to a text that normalizes further.
    for (const std::string_view local :
         {"\u03d2\u0301", "\u1e9b\u0323", "\ufb03", "\u0130", "\u1fb3", "\u2126", "\u0345\u03b1"}) {
        const auto email = Email::parse(std::string(local) + "@example.com");
        ASSERT_TRUE(email) << local;
        const auto again = Email::parse(email->canonical());
        ASSERT_TRUE(again) << local;
        EXPECT_EQ(again->canonical(), email->canonical()) << local;
    }
}

TEST(Email, RefusesWhatJoiRefusesAndWhatChangesShape) {
    const std::string long_label(64, 'b');
    const std::string cases[] = {
        "",
        "a",
        "@example.com",
        "a@",
        "a@b@example.com",
        std::string(65, 'a') + "@example.com",
        "\u00e9" + std::string(63, 'a') + "@example.com",  // 65 bytes
        "a@" + std::string(62, 'b') + "." + std::string(62, 'b') + "." + std::string(62, 'b') +
            "." + std::string(62, 'b') + ".com",  // 255 units
        "a@localhost",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a b@example.com",
        "\"a b\"@example.com",
        "a(b)@example.com",
        "a@[127.0.0.1]",
        "a@127.0.0.1",  // no top-level domain
        "a@-example.com",
        "a@example-.com",
        "a@" + long_label + ".com",
        "a@example.com\r\nBcc: x@example.com",
        "a\n@example.com",
        std::string("a\0@example.com", 14),
        std::string("a@example.com\0", 14),
        std::string("a@\u00e9.com\0.x", 12),
        " a@example.com",
        "a@ example.com",
        "a@example.com ",
        "a@example .com",
        "a@example.com,b@example.com",
        "<a@example.com>",
        "a@ex_ample.com",
        "a@example.com.",
        "a@.com",
        "a@xn--\u00fc.com",
        "a@xn--a.com",             // no Punycode
        "\xff@example.com",        // no UTF-8
        "\xed\xa0\x80@a.example",  // a surrogate
        "\u00a0a@example.com",     // a space beyond ASCII
        "\u0085@example.com",      // a control beyond ASCII
        "\u202eada@example.com",   // reads backwards
        "a\uff20b@example.com",    // becomes a@b@example.com
        "a\uff0e.b@example.com",   // becomes a..b
        "\u00ad@example.com",      // becomes nothing
    };
    for (const std::string& text : cases) {
        const auto email = Email::parse(text);
        ASSERT_FALSE(email) << text;
        EXPECT_EQ(email.error().rule, "email.malformed");
    }
}

TEST(Email, AcceptsNoAddressThatIsemailCallsAnError) {
    const char* root = std::getenv("MERLON_CORPORA");
    const std::string folder = std::string(root ? root : "../shared/corpora") + "/email/";
    int judged = 0;
    for (const char* name : {"isemail_tests.xml", "isemail_tests-original.xml"}) {
        std::ifstream file(folder + name);
        if (!file) GTEST_SKIP() << "no corpus at " << folder;
        std::stringstream text;
        text << file.rdbuf();
        const std::string all = text.str();
        static const std::regex row("<address>([^<]*)</address>\\s*<category>([^<]*)</category>");
        for (std::sregex_iterator at(all.begin(), all.end(), row), end; at != end; ++at) {
            std::string address = (*at)[1];
            for (const auto& [entity, plain] :
                 {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}}) {
                for (std::size_t i; (i = address.find(entity)) != std::string::npos;) {
                    address.replace(i, std::string_view(entity).size(), plain);
                }
            }
            // U+2400 + n stands for the control character n, which XML cannot hold.
            for (std::size_t i; (i = address.find("\xe2\x90")) != std::string::npos;) {
                address.replace(i, 3, 1, static_cast<char>(address[i + 2] & 0x3f));
            }
            const auto email = Email::parse(address);
            if ((*at)[2] == "ISEMAIL_ERR") EXPECT_FALSE(email) << address;
            ++judged;
        }
    }
    EXPECT_GT(judged, 200);
}

}  // namespace
}  // namespace merlon::wire

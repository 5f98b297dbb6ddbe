// Tests of SPIFFE IDs: one spelling each, and nothing that another reader could take otherwise.
#include "crypto/spiffe_id.h"

#include <gtest/gtest.h>

namespace merlon::crypto {
namespace {

std::string parts_of(std::string_view text) {
    const auto id = SpiffeId::parse(text);
    if (!id) return std::string(id.error().rule);
    EXPECT_EQ(id->text(), text);
    return std::string(id->trust_domain()) + " " + std::string(id->path());
}

TEST(SpiffeId, IsATrustDomainAndAPathInOneSpelling) {
    const std::string long_domain(trust_domain_bytes_max, 'd');
    const std::string longest =
        "spiffe://d/" + std::string(spiffe_id_bytes_max - std::string("spiffe://d/").size(), 'p');
    struct Case {
        std::string text;
        std::string parts;
    };
    using namespace std::string_literals;
    const std::string malformed = "spiffe.malformed";
    const Case cases[] = {
        {"spiffe://cluster.local/ns/shop/sa/orders", "cluster.local /ns/shop/sa/orders"},
        {"spiffe://cluster.local", "cluster.local "},
        {"spiffe://a_b-c.1/Z/9.x_y-z/...", "a_b-c.1 /Z/9.x_y-z/..."},
        {"spiffe://" + long_domain + "/a", long_domain + " /a"},
        {longest, "d " + longest.substr(10)},
        {longest + "p", malformed},
        {"spiffe://" + long_domain + "d/a", malformed},
        {"", malformed},
        {"spiffe://", malformed},
        {"spiffe:///a", malformed},  // no domain
        {"spiffe:/d/a", malformed},
        {"SPIFFE://d/a", malformed},
        {" spiffe://d/a", malformed},
        {"https://d/a", malformed},
        {"spiffe://D/a", malformed},
        {"spiffe://d/", malformed},  // RFC 3986 would say that it is spiffe://d
        {"spiffe://d/a/", malformed},
        {"spiffe://d//a", malformed},
        {"spiffe://d/a//b", malformed},
        {"spiffe://d/./a", malformed},
        {"spiffe://d/a/../b", malformed},
        {"spiffe://d/..", malformed},
        {"spiffe://d/a%2fb", malformed},
        {"spiffe://d/%2e%2e/b", malformed},
        {"spiffe://%64/a", malformed},
        {"spiffe://user@d/a", malformed},
        {"spiffe://user:password@d/a", malformed},
        {"spiffe://d:443/a", malformed},
        {"spiffe://d:/a", malformed},
        {"spiffe://[::1]/a", malformed},
        {"spiffe://d/a?q", malformed},
        {"spiffe://d?q", malformed},
        {"spiffe://d/a#f", malformed},
        {"spiffe://d#f", malformed},
        {"spiffe://d\\a", malformed},
        {"spiffe://d/a;v=1", malformed},
        {"spiffe://d/a b", malformed},
        {"spiffe://d/a\n", malformed},
        {"spiffe://d/a\0"s, malformed},  // what C would not see
        {"spiffe://d\0.evil/a"s, malformed},
        {"spiffe://d\xc3\xa9/a", malformed},
        {"spiffe://d/\xd0\xb0", malformed},  // a Cyrillic a
        {"spiffe://d/a,spiffe://d/b", malformed},
        {"spiffe://d/*", malformed},
    };
    for (const auto& [text, parts] : cases) EXPECT_EQ(parts_of(text), parts) << text;
}

TEST(SpiffeId, OfAnAccountHasItsNamespaceAndItsName) {
    const SpiffeId id = SpiffeId::of_account("cluster.local", {"shop", "orders"}).value();
    EXPECT_EQ(id.text(), "spiffe://cluster.local/ns/shop/sa/orders");
    EXPECT_EQ(id.account(), (ServiceAccount{"shop", "orders"}));
    EXPECT_EQ(id, SpiffeId::parse(id.text()).value());
    EXPECT_NE(id, SpiffeId::of_account("cluster.local", {"shop", "order"}).value());
    EXPECT_NE(id, SpiffeId::of_account("cluster.locale", {"shop", "orders"}).value());
    struct Case {
        std::string_view domain, name_space, name;
    };
    const Case cases[] = {
        {"", "n", "s"},       {"d/x", "n", "s"}, {"d", "", "s"},    {"d", "n", ""},
        {"d", "n", ".."},     {"d", ".", "s"},   {"d", "n", "a/b"},  // another name
        {"d", "n/sa/x", "s"}, {"d", "n", "a b"}, {"D", "n", "s"},
    };
    for (const auto& [domain, name_space, name] : cases) {
        EXPECT_EQ(SpiffeId::of_account(domain, {name_space, name}).error().rule, "spiffe.malformed")
            << domain << name_space << name;
    }
}

TEST(SpiffeId, OfAnotherFormNamesNoAccount) {
    for (const char* text :
         {"spiffe://d", "spiffe://d/ns", "spiffe://d/ns/n", "spiffe://d/ns/n/sa",
          "spiffe://d/ns/n/sa/s/x", "spiffe://d/sa/s/ns/n", "spiffe://d/x/ns/n/sa/s",
          "spiffe://d/ns/n/x/sa/s", "spiffe://d/NS/n/SA/s"}) {
        EXPECT_FALSE(SpiffeId::parse(text).value().account()) << text;
    }
    EXPECT_EQ(SpiffeId::parse("spiffe://d/ns/sa/sa/ns").value().account(),
              (ServiceAccount{"sa", "ns"}));
}

}  // namespace
}  // namespace merlon::crypto

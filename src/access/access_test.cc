// Who may do what, as claims: the seed's table to the letter, and the decision's edges.
#include "access/access.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

namespace merlon::access {
namespace {

Subject subject_with(const Roles& roles, std::vector<std::string> permissions) {
    Subject subject{.user_id = "u", .role = "user", .permission_names = permissions};
    subject.permissions = roles.set_of(permissions);
    return subject;
}

TEST(Roles, AreTheSeedsTableToTheLetter) {
    struct Row {
        std::string permission;
        bool user, moderator, admin;
    };
    const Row rows[] = {
        {"read:profile", true, false, true},      {"write:profile", true, false, true},
        {"read:products", true, true, true},      {"write:products", false, false, true},
        {"delete:products", false, false, true},  {"read:orders", true, false, true},
        {"write:orders", true, false, true},      {"cancel:orders", true, false, true},
        {"read:users", false, false, true},       {"write:users", false, false, true},
        {"delete:users", false, false, true},     {"read:audit", false, false, true},
        {"manage:incidents", false, false, true},
    };
    const Roles roles = Roles::defaults();
    const auto holds = [&](std::string_view role, const std::string& permission) {
        const auto& held = roles.permissions_of(role);
        return std::ranges::find(held, permission) != held.end();
    };
    for (const Row& row : rows) {
        EXPECT_EQ(holds("user", row.permission), row.user) << row.permission;
        EXPECT_EQ(holds("moderator", row.permission), row.moderator) << row.permission;
        EXPECT_EQ(holds("admin", row.permission), row.admin) << row.permission;
    }
    EXPECT_EQ(roles.permissions_of("user").size(), 6U);
    EXPECT_EQ(roles.permissions_of("moderator").size(), 1U);
    EXPECT_EQ(roles.permissions_of("admin").size(), std::size(rows));
    EXPECT_EQ(roles.role_names(), (std::vector<std::string_view>{"admin", "moderator", "user"}));
}

TEST(Roles, NobodyDeclaredHoldNothing) {
    const Roles roles = Roles::defaults();
    for (const std::string_view role : {"", "root", "Admin", "ADMIN", "admin ", "admin,user"}) {
        EXPECT_FALSE(roles.has_role(role)) << role;
        EXPECT_TRUE(roles.permissions_of(role).empty()) << role;
    }
}

TEST(Names, AreFitForAHeaderList) {
    struct Case {
        std::string_view name;
        bool good;
    };
    const std::string longest(64, 'a');
    const std::string too_long(65, 'a');
    const Case cases[] = {
        {"read:products", true},
        {"a", true},
        {"team.x/read-all_1", true},
        {longest, true},
        {too_long, false},
        {"", false},
        {"read:products,write:users", false},  // two, once joined by commas
        {"read products", false},
        {"read:products\r\nX-User-Role: admin", false},
        {":read", false},
        {"-read", false},
        {"r\xc3\xa9"
         "ad",
         false},
        {std::string_view("read\0", 5), false},
        {"*", false},  // no wildcard exists
    };
    for (const auto& [name, good] : cases) {
        EXPECT_EQ(is_name(name), good) << name;
        const auto made = Roles::make({{"role", {std::string(name)}}});
        EXPECT_EQ(made.has_value(), good) << name;
        if (!good) EXPECT_EQ(made.error().rule, "access.name_malformed");
    }
    EXPECT_EQ(Roles::make({{"a role", {}}}).error().rule, "access.name_malformed");
}

TEST(Roles, HaveRoomForAsManyPermissionsAsASetHasBits) {
    Roles roles;
    for (std::size_t i = 0; i < permissions_max; ++i) {
        EXPECT_EQ(roles.declare("p" + std::to_string(i)), i);
    }
    EXPECT_EQ(roles.declare("p7"), 7U);  // known: no new index
    EXPECT_EQ(roles.declare("one-more").error().rule, "access.too_many_permissions");
}

TEST(Roles, ListAPermissionNamedTwiceOnce) {
    const auto roles = Roles::make({{"user", {"b", "a", "b"}}});
    EXPECT_EQ(roles->permissions_of("user"), (std::vector<std::string>{"b", "a"}));
}

TEST(Policy, AsksForAllPermissionsOfTheRule) {
    Roles roles = Roles::defaults();
    const Rule rule = *Rule::all_of({"read:users", "write:users"}, roles);
    struct Case {
        std::vector<std::string> held;
        bool allowed;
    };
    const Case cases[] = {
        {{"read:users", "write:users"}, true},
        {{"write:users", "read:users", "read:audit"}, true},
        {{"read:users"}, false},
        {{"write:users"}, false},
        {{}, false},
        {{"READ:USERS", "WRITE:USERS"}, false},  // names are exact
        {{"read:users,write:users"}, false},     // one name, not two
        {{"read:*", "*", "admin"}, false},       // no wildcard, no magic role
        {{"read:users", "write:users "}, false},
    };
    for (const auto& [held, allowed] : cases) {
        const Subject subject = subject_with(roles, held);
        const auto pass = Policy::authorize(&subject, rule);
        ASSERT_EQ(pass.has_value(), allowed);
        if (allowed) {
            EXPECT_EQ(pass->subject(), &subject);
        } else {
            EXPECT_EQ(pass.error().kind, Kind::Denied);
            EXPECT_EQ(pass.error().rule, "access.denied");
            EXPECT_EQ(std::get<RequiredPermissions>(pass.error().payload).names,
                      (std::vector<std::string>{"read:users", "write:users"}));
        }
    }
}

TEST(Policy, TellsNobodyFromSomebodyWithoutPermission) {
    Roles roles = Roles::defaults();
    const Subject nobody_special = subject_with(roles, {});
    const Rule admin = *Rule::all_of({"read:users"}, roles);

    EXPECT_EQ(Policy::authorize(nullptr, admin).error().rule, "access.anonymous");
    EXPECT_EQ(Policy::authorize(nullptr, Rule::authenticated()).error().rule, "access.anonymous");
    EXPECT_EQ(Policy::authorize(nullptr, Rule::authenticated()).error().kind, Kind::Unknown);
    EXPECT_TRUE(Policy::authorize(&nobody_special, Rule::authenticated()));
    EXPECT_EQ(Policy::authorize(nullptr, Rule::open())->subject(), nullptr);
    EXPECT_EQ(Policy::authorize(&nobody_special, Rule::open())->subject(), &nobody_special);
    EXPECT_FALSE(Policy::authorize(nullptr, Rule{}));  // a rule nobody filled in is not open
}

TEST(Rule, OfNoPermissionIsNoRule) {
    Roles roles = Roles::defaults();
    EXPECT_EQ(Rule::all_of({}, roles).error().rule, "access.rule_empty");
    EXPECT_EQ(Rule::all_of({"a b"}, roles).error().rule, "access.name_malformed");
}

TEST(Rule, MayNameAPermissionNoRoleHoldsAndThenNobodyPasses) {
    Roles roles = Roles::defaults();
    const Rule rule = *Rule::all_of({"detokenize:cards"}, roles);
    const Subject admin = subject_with(roles, roles.permissions_of("admin"));
    EXPECT_EQ(Policy::authorize(&admin, rule).error().rule, "access.denied");
    const Subject service = subject_with(roles, {"detokenize:cards"});
    EXPECT_TRUE(Policy::authorize(&service, rule));
}

// A path that forgot to ask has no way to a Pass.
static_assert(!std::is_default_constructible_v<Pass>);
static_assert(!std::is_constructible_v<Pass, const Subject*>);

}  // namespace
}  // namespace merlon::access

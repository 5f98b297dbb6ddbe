// Who may do what: roles, permissions, rules and the decision. Pure functions and values; the
// gateway and the services ask the same policy.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace merlon::access {

// The subject lacks permissions (Denied, RequiredPermissions).
inline constexpr std::string_view denied_rule = "access.denied";
// The rule needs a subject, and there is none (Unknown).
inline constexpr std::string_view anonymous_rule = "access.anonymous";

// A name of a role or permission: 1 to 64 of [A-Za-z0-9_.:/-], the first one a letter or digit.
// Names travel in a comma-separated header to the upstreams, so nothing else may be in one.
bool is_name(std::string_view text);

// Permissions an installation can name, declared and used in routes together. A set is a few words,
// so asking for a permission is an AND.
inline constexpr std::size_t permissions_max = 256;
using PermissionSet = std::bitset<permissions_max>;

class Rule;

// The role that manages accounts.
inline constexpr std::string_view admin_role = "admin";

// The roles of an installation with their permissions, and the index of every permission name.
// Value; immutable once built; shared by all workers inside a configuration snapshot.
class Roles {
public:
    // The seed's table plus read:audit and manage:incidents for admin.
    static Roles defaults();
    // Fails with "access.name_malformed" or "access.too_many_permissions".
    static Result<Roles> make(const std::map<std::string, std::vector<std::string>>& roles);

    bool has_role(std::string_view role) const;
    std::vector<std::string_view> role_names() const;
    // In the order of declaration, each once; empty for a role nobody declared.
    const std::vector<std::string>& permissions_of(std::string_view role) const;
    // The bits of the names that are known; others carry no power here.
    PermissionSet set_of(const std::vector<std::string>& names) const;
    std::optional<std::size_t> index_of(std::string_view permission) const;

    // Whether the rule lets admins in and nobody of another role.
    bool admits_only_admins(const Rule& rule) const;

    // Gives a permission that only a route names its index.
    // Fails with "access.name_malformed" or "access.too_many_permissions".
    Result<std::size_t> declare(std::string_view permission);

private:
    std::map<std::string, std::vector<std::string>, std::less<>> roles_;
    std::map<std::string, std::size_t, std::less<>> indexes_;
};

// Who is asking, as a verified token says.
struct Subject {
    std::string user_id;
    std::string email;
    std::string role;
    std::vector<std::string> permission_names;  // as the token lists them
    PermissionSet permissions;
    // What upstreams are told of the subject, as finished text: made once when the token is
    // verified, sent with every request.
    std::string identity_fields;
};

// What a route asks of its caller.
class Rule {
public:
    static Rule open();           // allow: public
    static Rule authenticated();  // allow: authenticated
    // All of these. Fails with "access.rule_empty" for no name at all (an empty list must never
    // read as "no permission needed"), and as Roles::declare.
    static Result<Rule> all_of(std::vector<std::string> names, Roles& roles);

    bool needs_subject() const { return needs_subject_; }
    const std::vector<std::string>& names() const { return names_; }

private:
    friend class Policy;
    bool needs_subject_ = true;
    std::vector<std::string> names_;
    PermissionSet permissions_;
};

// Proof that the policy allowed one subject (nobody, on an open route) one call. Only Policy makes
// one, so a function that takes a Pass cannot be reached by a path that forgot to ask.
// Borrows the subject: it lives as long as the request it was made for.
class Pass {
public:
    const Subject* subject() const { return subject_; }

private:
    friend class Policy;
    explicit Pass(const Subject* subject) : subject_(subject) {}
    const Subject* subject_;
};

class Policy {
public:
    // `subject` is null when nobody was authenticated.
    // Errors: anonymous_rule, denied_rule.
    static Result<Pass> authorize(const Subject* subject, const Rule& rule);
};

}  // namespace merlon::access

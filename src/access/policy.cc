// The decision: does this rule allow this subject.
#include "access/access.h"

namespace merlon::access {

Rule Rule::open() {
    Rule rule;
    rule.needs_subject_ = false;
    return rule;
}

Rule Rule::authenticated() { return {}; }

Result<Rule> Rule::all_of(std::vector<std::string> names, Roles& roles) {
    if (names.empty()) return fail(Kind::Invalid, "access.rule_empty");
    Rule rule;
    for (const std::string& name : names) rule.permissions_.set(MERLON_TRY(roles.declare(name)));
    rule.names_ = std::move(names);
    return rule;
}

Result<Pass> Policy::authorize(const Subject* subject, const Rule& rule) {
    if (!rule.needs_subject_) return Pass(subject);
    if (subject == nullptr) return fail(Kind::Unknown, anonymous_rule);
    if ((rule.permissions_ & ~subject->permissions).any()) {
        // Everything the rule asks for, not only what is missing (seed): the answer says nothing
        // about which of them this subject holds.
        return fail(Kind::Denied, denied_rule, {}, RequiredPermissions{rule.names_});
    }
    return Pass(subject);
}

}  // namespace merlon::access

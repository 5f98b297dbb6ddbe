// Who stands in a file twice.
#include "operations/seen_people.h"

#include <gtest/gtest.h>

namespace merlon::operations {
namespace {

using identity::ImportOutcome;

ImportOutcome imported(const std::string& id, const std::string& address) {
    return {.kind = ImportOutcome::Kind::Imported, .role = "user", .id = id, .address = address};
}

TEST(SeenPeople, AreFoundByIdAndThenByAddress) {
    struct Case {
        ImportOutcome outcome;
        ImportOutcome::Kind kind;
        std::string_view rule;
    };
    const Case cases[] = {
        {imported("1", "a"), ImportOutcome::Kind::Imported, ""},
        {imported("2", "b"), ImportOutcome::Kind::Imported, ""},
        {imported("1", "a"), ImportOutcome::Kind::Present, ""},
        {imported("1", "b"), ImportOutcome::Kind::Refused, "import.id_taken"},
        {imported("3", "a"), ImportOutcome::Kind::Refused, "account.email_taken"},
        {imported("3", "c"), ImportOutcome::Kind::Imported, ""},  // refused before: not remembered
        {{.rule = "import.id"}, ImportOutcome::Kind::Refused, "import.id"},
    };
    SeenPeople seen;
    for (auto [outcome, kind, rule] : cases) {
        seen.judge(outcome);
        EXPECT_EQ(outcome.kind, kind);
        EXPECT_EQ(outcome.rule, rule);
    }
    EXPECT_FALSE(seen.is_full());
}

}  // namespace
}  // namespace merlon::operations

// If-Match: which change is meant for what is there now.
#include "wire/entity_tag.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

TEST(IfMatch, AllowsOnlyWhatHasTheTagItLists) {
    for (const auto& [if_match, allows] : {
             std::pair{"", true},
             {"*", true},
             {R"("3")", true},
             {R"("1", "3")", true},
             {R"("3" ,"x,y")", true},
             {R"("2")", false},
             {R"(W/"3")", false},
             {"3", false},
             {R"("3)", false},
             {R"("33")", false},
             {R"("*")", false},
             {",", false},
         }) {
        EXPECT_EQ(if_match_allows(if_match, R"("3")"), allows) << if_match;
    }
}

}  // namespace
}  // namespace merlon::wire

// Tests that every registered status has its own phrase.
#include "http/reason_phrase.h"

#include <gtest/gtest.h>

#include <utility>

namespace merlon::http {
namespace {

TEST(ReasonPhrase, IsTheRegisteredOne) {
    struct Case {
        int status;
        std::string_view phrase;
    };
    const Case cases[] = {
        {100, "Continue"},
        {103, "Early Hints"},
        {206, "Partial Content"},
        {226, "IM Used"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {308, "Permanent Redirect"},
        {402, "Payment Required"},
        {406, "Not Acceptable"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {451, "Unavailable For Legal Reasons"},
        {501, "Not Implemented"},
        {507, "Insufficient Storage"},
        {511, "Network Authentication Required"},
        {99, "Status"},
        {306, "Status"},  // reserved
        {418, "Status"},  // reserved, too
        {999, "Status"},
    };
    for (const auto& [status, phrase] : cases) EXPECT_EQ(reason_phrase(status), phrase) << status;
}

TEST(ReasonPhrase, IsMissingForNoRegisteredStatus) {
    // Inclusive ranges of the registry.
    const std::pair<int, int> ranges[] = {{100, 104}, {200, 208}, {226, 226}, {300, 305},
                                          {307, 308}, {400, 417}, {421, 426}, {428, 429},
                                          {431, 431}, {451, 451}, {500, 508}, {510, 511}};
    for (const auto& [first, last] : ranges) {
        for (int status = first; status <= last; ++status) {
            EXPECT_NE(reason_phrase(status), "Status") << status;
        }
    }
}

}  // namespace
}  // namespace merlon::http

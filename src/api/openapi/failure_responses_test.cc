// Failures of one status stand beside each other.
#include "api/openapi/failure_responses.h"

#include <gtest/gtest.h>

namespace merlon::api {
namespace {

namespace json = boost::json;

std::vector<Error> conflicts(std::initializer_list<std::string_view> rules) {
    std::vector<Error> errors;
    for (const std::string_view rule : rules) errors.push_back({Kind::Conflict, rule, {}, {}});
    return errors;
}

json::object write(const FailureResponses& failures) {
    json::object responses;
    failures.write(responses);
    return responses;
}

const json::object& examples_of(const json::object& responses, std::string_view status) {
    return responses.at(status).at("content").at("application/json").at("examples").as_object();
}

TEST(FailureResponses, OfOneStatusAreOneResponseWithTheExamplesOfEach) {
    FailureResponses failures;
    failures.add("The address is taken", conflicts({"account.email_taken"}));
    failures.add("It is one's own", conflicts({"account.own", "account.last_admin"}));
    const json::object responses = write(failures);
    EXPECT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses.at("409").at("description"), "The address is taken. Or: It is one's own");
    const json::object& examples = examples_of(responses, "409");
    EXPECT_EQ(examples.size(), 3U);
    EXPECT_TRUE(examples.contains("email-is-already-registered"));
    EXPECT_TRUE(examples.contains("it-is-the-last-admin"));
}

TEST(FailureResponses, ReferToWhatIsSharedUnlessTheOperationHasItsOwnOfThatStatus) {
    FailureResponses failures;
    failures.add_shared(401);
    failures.add_shared(412);
    failures.add("The password is wrong", {{Kind::Unknown, "credentials.wrong", {}, {}}});
    const json::object responses = write(failures);
    EXPECT_EQ(responses.at("412").at("$ref"), "#/components/responses/PreconditionFailed");
    const json::object& examples = examples_of(responses, "401");
    EXPECT_TRUE(examples.contains("token-has-expired"));
    EXPECT_TRUE(examples.contains("invalid-email-or-password"));
}

}  // namespace
}  // namespace merlon::api

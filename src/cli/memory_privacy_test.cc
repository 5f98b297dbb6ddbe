// A process that holds keys cannot be dumped, and shows no secret in its environment.
#include "cli/memory_privacy.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/environment.h"

namespace merlon::cli {
namespace {

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
TEST(MemoryPrivacyDeathTest, NoCoreIsWrittenAndNobodyAttaches) {
    const auto forbid_and_look = [] {
        forbid_dumps();
        rlimit core{};
        ::getrlimit(RLIMIT_CORE, &core);
        const bool is_private =
            ::prctl(PR_GET_DUMPABLE) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
        ::_exit(is_private ? 0 : 1);
    };
    EXPECT_EXIT(forbid_and_look(), testing::ExitedWithCode(0), "");
}
#endif

TEST(Environment, OverwritesTheNamedValuesInPlaceAndNoOthers) {
    char secret[] = "MERLON_TEST_SECRET=Horse$Battery9=";
    char longer[] = "MERLON_TEST_SECRET_2=stays";
    char broken[] = "MERLON_TEST_SECRET";
    char* variables[] = {secret, longer, broken, nullptr};
    char** const before = std::exchange(environ, variables);
    const Environment copy = read_environment();
    const std::string names[] = {"MERLON_TEST_SECRET", "MERLON_TEST_ABSENT"};
    wipe_variables(names);
    environ = before;
    EXPECT_EQ(copy.at("MERLON_TEST_SECRET"), "Horse$Battery9=");
    EXPECT_EQ(std::string(secret, sizeof secret),
              std::string("MERLON_TEST_SECRET=") + std::string(16, '\0'));
    EXPECT_STREQ(longer, "MERLON_TEST_SECRET_2=stays");
}

}  // namespace
}  // namespace merlon::cli

// The strict loader on any bytes: it never throws, and without problems the tree is within bounds.
#include <cstdint>
#include <set>

#include "base/result.h"
#include "config/yaml.h"

namespace {

using merlon::config::Node;

void expect_bounded(const Node& node, std::size_t depth) {
    MERLON_ASSERT(depth <= merlon::config::yaml_depth_max);
    for (const Node& item : node.items) expect_bounded(item, depth + 1);
    std::set<std::string_view> names;
    for (const auto& entry : node.entries) {
        MERLON_ASSERT(names.insert(entry.name).second);
        expect_bounded(entry.value, depth + 1);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto document =
        merlon::config::parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const auto& problem : document.problems) MERLON_ASSERT(!problem.message.empty());
    if (document.problems.empty()) expect_bounded(document.root, 0);
    return 0;
}

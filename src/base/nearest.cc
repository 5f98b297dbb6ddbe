// Counts edits between names.
#include "base/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace merlon::text {
namespace {

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
    constexpr std::size_t edits_max = 3;
    std::string best;
    std::size_t least = edits_max + 1;
    for (const std::string& one : known) {
        const std::size_t edits = distance(name, one);
        if (edits >= least || 2 * edits >= std::max(one.size(), name.size())) continue;
        least = edits;
        best = one;
    }
    return best;
}

}  // namespace merlon::text

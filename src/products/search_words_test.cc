// Words of texts.
#include "products/search_words.h"

#include <gtest/gtest.h>

namespace merlon::products {
namespace {

TEST(SearchWords, AreWholeWordsWhateverTheirCase) {
    const std::string long_word(100, 'x');
    for (const auto& [text, expected] : {
             std::pair<std::string, std::set<std::string>>{"", {}},
             {" ,.;-", {}},
             {"Walnut desk, WALNUT!", {"walnut", "desk"}},
             {"M8x40 (steel)", {"m8x40", "steel"}},
             {"caf\xc3\xa9 cr\xc3\xa8me", {"caf\xc3\xa9", "cr\xc3\xa8me"}},
             {"it's 3.5", {"it", "s", "3", "5"}},
             {long_word, {long_word.substr(0, word_bytes_max)}},
         }) {
        std::set<std::string> words;
        add_words(words, text);
        EXPECT_EQ(words, expected) << text;
    }
}

}  // namespace
}  // namespace merlon::products

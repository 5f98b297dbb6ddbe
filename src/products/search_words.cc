// Splits text into words for the search.
#include "products/search_words.h"

#include "base/text.h"

namespace merlon::products {
namespace {

bool is_in_word(char c) {
    return text::is_alpha(c) || text::is_digit(c) || (static_cast<unsigned char>(c) & 0x80) != 0;
}

}  // namespace

void add_words(std::set<std::string>& words, std::string_view text) {
    std::string word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && is_in_word(text[i])) {
            if (word.size() < word_bytes_max) word += text::lower(text[i]);
        } else if (!word.empty()) {
            words.insert(std::move(word));
            word.clear();
        }
    }
}

}  // namespace merlon::products

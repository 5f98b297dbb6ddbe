// The words of a text, as search finds them: whole words, whatever their case.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace merlon::products {

// Longer ones are cut, in texts and in what is searched for alike.
inline constexpr std::size_t word_bytes_max = 64;

// Adds the words of `text`, which is UTF-8, in lower case (ASCII). A word is what stands between
// ASCII characters that are no letters or digits.
void add_words(std::set<std::string>& words, std::string_view text);

}  // namespace merlon::products

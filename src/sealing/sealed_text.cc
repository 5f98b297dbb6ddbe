// Sealing by AES-256-GCM with the place as associated data.
#include "sealing/sealed_text.h"

namespace merlon::sealing {
namespace {

constexpr char version = 1;

// Lengths are no part of it: a column's name holds no colon.
std::string associated_data(Place place) {
    std::string text = "merlon sealed 1:";
    text.append(place.column).append(":").append(place.row);
    return text;
}

}  // namespace

std::string seal(const crypto::AeadKey& key, Place place, std::string_view text, Entropy& entropy) {
    return version + key.seal(text, associated_data(place), entropy);
}

Result<std::string> open(const crypto::AeadKey& key, Place place, std::string_view sealed) {
    if (sealed.empty() || sealed.front() != version) {
        return fail(Kind::Corrupt, sealed_corrupt_rule, std::string(place.column));
    }
    auto text = key.open(sealed.substr(1), associated_data(place));
    if (!text) return fail(Kind::Corrupt, sealed_corrupt_rule, std::string(place.column));
    return text;
}

}  // namespace merlon::sealing

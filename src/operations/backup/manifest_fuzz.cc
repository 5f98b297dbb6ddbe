// A manifest of any bytes under the digest that belongs to them: what is taken names no file of
// another folder, and is written as it was read.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "crypto/digest.h"
#include "operations/backup/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon::operations;
    std::string text(reinterpret_cast<const char*>(data), size);
    const auto digest = merlon::crypto::sha256(text);
    text += ",\n\"digest\":\"" + merlon::text::to_hex(merlon::crypto::as_text(digest)) + "\"}\n";
    const auto manifest = parse_manifest(text);
    if (!manifest) {
        MERLON_ASSERT(manifest.error().rule == damaged_rule);
        return 0;
    }
    MERLON_ASSERT(!manifest->files.empty());
    for (const CopyFile& file : manifest->files) {
        MERLON_ASSERT(!file.name.contains('/') && !file.name.starts_with('.'));
    }
    const std::string written = to_json(*manifest);
    const auto again = parse_manifest(written);
    MERLON_ASSERT(again && to_json(*again) == written);
    return 0;
}

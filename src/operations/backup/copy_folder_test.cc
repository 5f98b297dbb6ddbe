// The files of a copy are what its manifest says, or it is refused.
#include "operations/backup/copy_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crypto/file_digest.h"
#include "storage/test_kit.h"

namespace merlon::operations {
namespace {

class Copies : public testing::Test {
protected:
    Copies() {
        std::ofstream(folder_ / "data.db") << "bytes";
        const auto digest = crypto::digest_file(folder_ / "data.db").value();
        manifest_.files = {{"data.db", digest.bytes, digest.sha256, {"auth"}}};
        EXPECT_TRUE(write_manifest(folder_.path(), manifest_, entropy_));
    }

    storage::TemporaryFolder folder_;
    SystemEntropy entropy_;
    Manifest manifest_{.part = Part::Data,
                       .backup = "0123456789abcdef",
                       .store = "aa",
                       .master = "bb",
                       .release = "0.1.0",
                       .taken_at = "2026-01-01T00:00:00.000Z"};
};

TEST_F(Copies, AreReadWhenTheirFilesAreWhatTheManifestSays) {
    EXPECT_EQ(read_copy(folder_.path(), Part::Data).value().backup, manifest_.backup);
}

TEST_F(Copies, AreRefusedAsTheOtherPart) {
    EXPECT_EQ(read_copy(folder_.path(), Part::Keys).error().rule, damaged_rule);
}

TEST_F(Copies, AreRefusedWhenAFileWasChanged) {
    for (const std::string_view content : {"byteS", "byte", "bytes and more", ""}) {
        std::ofstream(folder_ / "data.db") << content;
        EXPECT_EQ(read_copy(folder_.path(), Part::Data).error().rule, damaged_rule) << content;
    }
}

TEST_F(Copies, OfNothingAreAbsent) {
    EXPECT_EQ(read_copy(folder_ / "nothing", Part::Data).error().kind, Kind::Absent);
}

}  // namespace
}  // namespace merlon::operations

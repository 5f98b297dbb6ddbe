// A file's SHA-256.
#include "crypto/file_digest.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

namespace merlon::crypto {
namespace {

class FileDigests : public testing::Test {
protected:
    FileDigests() {
        std::string name = (std::filesystem::temp_directory_path() / "merlon-XXXXXX").string();
        MERLON_ASSERT(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
    }
    ~FileDigests() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
};

TEST_F(FileDigests, AreThoseOfSha256sum) {
    std::ofstream(folder_ / "abc") << "abc";  // FIPS 180-4, appendix B.1
    EXPECT_EQ(digest_file(folder_ / "abc").value().sha256,
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    std::ofstream(folder_ / "million") << std::string(1'000'000, 'a');
    const FileDigest million = digest_file(folder_ / "million").value();
    EXPECT_EQ(million.sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(million.bytes, 1'000'000);
}

TEST_F(FileDigests, AreOfRegularFilesOnly) {
    std::ofstream(folder_ / "abc") << "abc";
    std::filesystem::create_symlink("abc", folder_ / "link");
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    for (const char* name : {"link", "pipe", ".", "nothing"}) {
        EXPECT_FALSE(digest_file(folder_ / name)) << name;
    }
}

}  // namespace
}  // namespace merlon::crypto

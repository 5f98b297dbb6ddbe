// For tests of TLS: certificates in files.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crypto/certificate_test_kit.h"
#include "net/settings.h"

namespace merlon::net::testing {

using crypto::testing::PemPair;

// A folder that goes with this.
class PemFolder final {
public:
    PemFolder() {
        std::string name = ::testing::TempDir() + "/merlon_pem_XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    ~PemFolder() { std::filesystem::remove_all(path_); }
    PemFolder(const PemFolder&) = delete;
    PemFolder& operator=(const PemFolder&) = delete;

    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return (path_ / name).string();
    }
    TlsSettings write(const std::string& name, const PemPair& pair) const {
        return {write(name + ".crt", pair.certificate), write(name + ".key", pair.key.reveal())};
    }

private:
    std::filesystem::path path_;
};

}  // namespace merlon::net::testing

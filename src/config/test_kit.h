// What the tests of sections share: a merlon.yaml that is this text.
#pragma once

#include <string>
#include <utility>

#include "config/load.h"

namespace merlon::config {

// Every name is this file.
class OneFile final : public Files {
public:
    explicit OneFile(std::string text) : text_(std::move(text)) {}
    Result<std::string> read(const std::string&, std::size_t) const override { return text_; }

private:
    std::string text_;
};

}  // namespace merlon::config

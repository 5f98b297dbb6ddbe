// A rendered file: its path and its text.
#pragma once

#include <string>

namespace merlon::deploy {

struct File {
    std::string path;  // below the folder that it is rendered into
    std::string text;
};

}  // namespace merlon::deploy

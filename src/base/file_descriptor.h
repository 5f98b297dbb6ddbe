// An open file of the operating system, closed when its owner goes.
#pragma once

#include <unistd.h>

#include <utility>

namespace merlon {

// Resource.
class FileDescriptor final {
public:
    // As open(2) gave it; negative: it is not open, and errno says why.
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    FileDescriptor(FileDescriptor&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    ~FileDescriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    FileDescriptor& operator=(FileDescriptor&&) = delete;

    bool is_open() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

}  // namespace merlon

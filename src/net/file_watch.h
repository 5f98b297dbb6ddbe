// Files that are read again when they change: certificates, which cert-manager, SPIRE or an
// operator renew while the server runs.
//
// Asking a few files for their times every other second costs nothing, and sees what inotify does
// not: a mounted secret is a link whose target is exchanged, and a network's disk tells nobody.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace merlon::net {

// What tells one state of a file from the next. All zero: it is not there.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;  // of its inode: whoever sets the other one back moves this one

    bool operator==(const FileStamp&) const = default;
};

class FileStamps {
public:
    virtual ~FileStamps() = default;
    // Of what a link leads to.
    virtual FileStamp stamp(const std::string& path) const = 0;
};

class DiskFileStamps final : public FileStamps {
public:
    FileStamp stamp(const std::string& path) const override;
};

// Resource of its owner, who calls tick() every few seconds; one thread.
//
// A change is acted on when the files have stood still from one tick to the next: a pair is two
// files, and between their writings they do not fit. What does not fit even so leaves the old in
// force and is tried again at every tick, and said once.
class FileWatch final {
public:
    // Reads the files and puts what they say into force, or fails and changes nothing.
    using Renew = std::function<Result<>()>;
    using Log = std::function<void(const std::string& line)>;

    // Made before its owner reads the files for the first time, or a change in between is missed.
    // Borrows `files` for life.
    FileWatch(std::vector<std::string> paths, const FileStamps& files, Renew renew, Log log);

    void tick();

private:
    using Stamps = std::vector<FileStamp>;
    Stamps look() const;

    std::vector<std::string> paths_;
    const FileStamps& files_;
    Renew renew_;
    Log log_;
    Stamps in_force_;   // when what is in force was read
    Stamps last_seen_;  // at the last tick
    std::string told_;  // what was said of a failure that lasts
};

}  // namespace merlon::net

// Looks at files' times, and waits until a change is complete.
#include "net/file_watch.h"

#include <sys/stat.h>

namespace merlon::net {
namespace {

std::int64_t nanoseconds_of(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamp DiskFileStamps::stamp(const std::string& path) const {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino, status.st_size, nanoseconds_of(status.st_mtim),
            nanoseconds_of(status.st_ctim)};
}

FileWatch::FileWatch(std::vector<std::string> paths, const FileStamps& files, Renew renew, Log log)
    : paths_(std::move(paths)),
      files_(files),
      renew_(std::move(renew)),
      log_(std::move(log)),
      in_force_(look()),
      last_seen_(in_force_) {}

FileWatch::Stamps FileWatch::look() const {
    Stamps stamps;
    stamps.reserve(paths_.size());
    for (const std::string& path : paths_) stamps.push_back(files_.stamp(path));
    return stamps;
}

void FileWatch::tick() {
    // Taken before the files are read: a change during the reading is seen at the next tick.
    Stamps seen = look();
    const bool is_still = seen == last_seen_;
    last_seen_ = std::move(seen);
    if (!is_still || last_seen_ == in_force_) return;
    if (const Result<> done = renew_(); !done) {
        std::string line = std::string(done.error().rule) + " " + done.error().detail;
        if (line == told_) return;
        told_ = std::move(line);
        return log_("changed files are not taken, the old ones stay in force: " + told_);
    }
    told_.clear();
    in_force_ = last_seen_;
    log_("changed files are in force: " + paths_.front());
}

}  // namespace merlon::net

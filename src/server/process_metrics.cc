// Reads /proc/self; a value that cannot be read is 0.
#include "server/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace merlon::server {
namespace {

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
    std::error_code error;
    double count = 0;
    std::filesystem::directory_iterator entry("/proc/self/fd", error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        ++count;
    }
    return count;
}

double open_files_max() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void observe_process(metrics::Registry& metrics, WallTime began) {
    const double start = static_cast<double>(began.time_since_epoch().count()) / 1e3;
    metrics.observe_counter("process_cpu_seconds", "processor time used", cpu_seconds);
    metrics.observe_gauge("process_resident_memory_bytes", "memory in use", resident_bytes);
    metrics.observe_gauge("process_open_fds", "open files", open_files);
    metrics.observe_gauge("process_max_fds", "files that may be open", open_files_max);
    metrics.observe_gauge("process_start_time_seconds", "since 1970", [start] { return start; });
}

}  // namespace merlon::server

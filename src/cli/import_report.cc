// Opens and writes the report.
#include "cli/import_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "wire/json_text.h"

namespace merlon::cli {
namespace {

constexpr std::size_t shown_max = 20;
constexpr std::string_view report_rule = "import.report";

void complain(const std::string& text) { std::fprintf(stderr, "merlon: %s\n", text.c_str()); }

bool is_same_file(int one, int other) {
    struct stat first{};
    struct stat second{};
    return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// The descriptor of a name that means one which is open already. On Linux these names are links,
// and a report's name may be none: whoever else may write to its folder could plant one.
std::optional<int> open_already(std::string_view name) {
    if (name == "/dev/stdout") return STDOUT_FILENO;
    if (name == "/dev/stderr") return STDERR_FILENO;
    constexpr std::string_view folder = "/dev/fd/";
    if (!name.starts_with(folder)) return std::nullopt;
    return text::parse_number<int>(name.substr(folder.size()));
}

// Its owner's alone. It is emptied only once it is known not to be the file that is imported.
Result<FileDescriptor> open_file(const std::string& name, int imported) {
    FileDescriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return fail(Kind::Invalid, report_rule, std::strerror(errno));
    struct stat status{};
    const bool is_regular = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
    const bool is_ready =
        !is_same_file(file.get(), imported) &&
        (!is_regular || (::fchmod(file.get(), 0600) == 0 && ::ftruncate(file.get(), 0) == 0));
    if (!is_ready) return fail(Kind::Invalid, report_rule, "it has to be a file of its own");
    return file;
}

}  // namespace

Result<ImportReport> ImportReport::open(const std::string& name, int imported) {
    if (name.empty()) return ImportReport(FileDescriptor(-1));
    const auto known = open_already(name);
    if (!known) return ImportReport(MERLON_TRY(open_file(name, imported)));
    FileDescriptor file(::dup(*known));
    if (!file.is_open()) return fail(Kind::Invalid, report_rule, std::strerror(errno));
    if (!is_same_file(file.get(), imported)) return ImportReport(std::move(file));
    return fail(Kind::Invalid, report_rule, "it has to be a file of its own");
}

Result<> ImportReport::add(const identity::ImportOutcome& outcome) {
    if (!file_.is_open()) {
        if (++shown_ > shown_max) return {};
        complain(fmt::format("line {}: {}: {}", outcome.line, outcome.rule, outcome.message));
        return {};
    }
    std::string line = fmt::format(R"({{"line":{},"rule":"{}","message":)", outcome.line,
                                   outcome.rule);  // a rule needs no escape
    wire::append_json_string(line, outcome.message);
    line += "}\n";
    if (::write(file_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
        return {};
    }
    return fail(Kind::Unavailable, report_rule, "the report cannot be written");
}

void ImportReport::end() const {
    if (shown_ <= shown_max) return;
    complain(fmt::format("{} more lines were refused; --report FILE says which and why",
                         shown_ - shown_max));
}

}  // namespace merlon::cli

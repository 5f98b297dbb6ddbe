// One batch after the other. Nothing is kept of a batch that is done but counts: who was imported
// is in the store, which is what a second run looks at.
#include "operations/people_import.h"

#include <sys/stat.h>

#include "base/text.h"
#include "base/uuid.h"
#include "identity/accounts/import_lines.h"
#include "operations/run_command.h"

namespace merlon::operations {
namespace {

using identity::ImportOutcome;

constexpr LineBatches::Limits limits{.line_bytes = identity::ImportForm::line_bytes_max,
                                     .lines = identity::ImportLines::lines_max,
                                     .bytes = 256 << 10};
// In base64, with a last line that joined just before the limit.
static_assert((limits.bytes + limits.line_bytes + limits.lines) / 3 * 4 + 1'024 <
              command_bytes_max);

// 0: of a pipe.
std::size_t size_of(int file) {
    struct stat status{};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return static_cast<std::size_t>(status.st_size);
}

}  // namespace

PeopleImport::PeopleImport(int file, Mode mode, Entropy& entropy)
    : batches_(file, limits),
      mode_(mode),
      run_(Uuid::make_v4(entropy).str()),
      file_kib_(size_of(file) >> 10) {}

Result<> PeopleImport::run(const Send& send, const Refused& refused) {
    Progress progress("importing, KiB read", file_kib_);
    std::size_t bytes_read = 0;
    while (const auto batch = MERLON_TRY(batches_.next())) {
        auto outcomes =
            MERLON_TRY(identity::parse_import_outcomes(MERLON_TRY(send(command(*batch)))));
        for (ImportOutcome& outcome : outcomes) {
            outcome.line += batch->first_line;
            if (mode_ == Mode::DryRun) seen_.judge(outcome);
            count(outcome);
            if (outcome.kind == ImportOutcome::Kind::Refused) MERLON_TRY(refused(outcome));
        }
        counts_.last_line = batch->first_line + batch->count - 1;
        const std::size_t kib_before = bytes_read >> 10;
        bytes_read += batch->bytes_read;
        progress.step((bytes_read >> 10) - kib_before);
    }
    counts_.is_every_duplicate_found = !seen_.is_full();
    return {};
}

std::string PeopleImport::command(const LineBatches::Batch& batch) const {
    std::string text = R"({"command":"user.import","run":")" + run_ + '"';
    if (mode_ == Mode::DryRun) text += R"(,"dryRun":true)";
    return text + R"(,"lines":")" + text::to_base64url(batch.lines) + "\"}";
}

void PeopleImport::count(const ImportOutcome& outcome) {
    ++counts_.people;
    switch (outcome.kind) {
        case ImportOutcome::Kind::Imported:
            ++counts_.imported;
            ++counts_.roles[outcome.role];
            if (!outcome.has_password) ++counts_.without_password;
            if (!outcome.is_verified) ++counts_.unverified;
            return;
        case ImportOutcome::Kind::Present:
            ++counts_.present;
            return;
        case ImportOutcome::Kind::Refused:
            ++counts_.refused;
            return;
    }
}

}  // namespace merlon::operations

// The lines of an import, each judged by itself: by the rules of the form, and by the roles there
// are. Who is there already, and who stands in the file twice, is judged elsewhere.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "identity/accounts/import_form.h"
#include "identity/accounts/import_outcome.h"

namespace merlon::identity {

// A line, and what is to become of it.
struct ImportLine {
    ImportOutcome outcome = {};
    std::optional<ImportedPerson> person = {};  // empty: refused before it was read to the end

    bool is_to_store() const { return outcome.kind == ImportOutcome::Kind::Imported; }
};

// Immutable; safe from every thread.
class ImportLines final {
public:
    static constexpr std::size_t lines_max = 256;
    // Another account has the line's id, or its address.
    static constexpr std::string_view id_taken_rule = "import.id_taken";
    static ImportOutcome id_taken(std::size_t line);
    static ImportOutcome address_taken(std::size_t line);

    explicit ImportLines(const api::NameSettings& names) : form_(ImportForm::make(names)) {}

    // Each of `lines`, which line feeds separate, but the blank ones, in their order. `now` bounds
    // createdAt. Error: "import.batch" (Invalid: too many lines).
    Result<std::vector<ImportLine>> judge(std::string_view lines, const access::Roles& roles,
                                          WallTime now) const;

private:
    ImportLine judge_one(std::string_view line, const access::Roles& roles, WallTime now) const;

    const ImportForm form_;
};

}  // namespace merlon::identity

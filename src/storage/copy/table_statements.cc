// Builds the statements of a copy from column names, after checking each name.
#include "storage/copy/table_statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace merlon::storage {
namespace {

bool is_plain(std::string_view name) {
    return !name.empty() && name.size() <= 63 && !text::is_digit(name.front()) &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || text::is_digit(c) || c == '_';
           });
}

std::string parameters(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= count; ++i) names.push_back(fmt::format("${}", i));
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Result<std::unique_ptr<TableStatements>> TableStatements::make(TableShape shape) {
    const bool is_sound = is_plain(shape.name) && !shape.key.empty() &&
                          std::ranges::all_of(shape.columns, is_plain) &&
                          std::ranges::all_of(shape.key, is_plain);
    if (!is_sound) {
        return fail(Kind::Corrupt, schema_rule, shape.name + " is no table of ours");
    }
    return std::unique_ptr<TableStatements>(new TableStatements(std::move(shape)));
}

TableStatements::TableStatements(TableShape shape) : shape_(std::move(shape)) {
    const std::string columns = fmt::format("{}", fmt::join(shape_.columns, ", "));
    const std::string key = fmt::format("{}", fmt::join(shape_.key, ", "));
    count_ = fmt::format("SELECT count(*) FROM {}", shape_.name);
    first_ = fmt::format("SELECT {} FROM {} ORDER BY {} LIMIT {}", columns, shape_.name, key,
                         batch_rows);
    after_ = fmt::format("SELECT {} FROM {} WHERE ({}) > ({}) ORDER BY {} LIMIT {}", columns,
                         shape_.name, key, parameters(shape_.key.size()), key, batch_rows);
    last_key_ = fmt::format("SELECT {} FROM {} ORDER BY {} DESC LIMIT 1", key, shape_.name,
                            fmt::join(shape_.key, " DESC, "));
    insert_ = fmt::format("INSERT INTO {} ({}) VALUES ({})", shape_.name, columns,
                          parameters(shape_.columns.size()));
}

}  // namespace merlon::storage

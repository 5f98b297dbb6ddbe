// Renders and parses a manifest.
#include "operations/backup/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "crypto/digest.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::operations {
namespace {

namespace json = boost::json;

// Of a format that an older release does not know, it says so.
constexpr std::int64_t format_number = 1;
constexpr std::string_view digest_member = ",\n\"digest\":\"";

std::string digest_of(std::string_view text) {
    return text::to_hex(crypto::as_text(crypto::sha256(text)));
}

std::string in_quotes(std::string_view text) {
    std::string out;
    wire::append_json_string(out, text);
    return out;
}

std::string json_of(const CopyFile& file) {
    std::vector<std::string> roles;
    for (const std::string& role : file.roles) roles.push_back(in_quotes(role));
    return fmt::format(R"({{"name":{},"bytes":{},"sha256":{},"roles":[{}]}})", in_quotes(file.name),
                       file.bytes, in_quotes(file.sha256), fmt::join(roles, ","));
}

std::string json_of(const CopyTable& table) {
    return fmt::format(R"({{"role":{},"table":{},"rows":{},"sum":{}}})", in_quotes(table.role),
                       in_quotes(table.name), table.rows, in_quotes(table.sum));
}

template <class T>
std::string list_of(const std::vector<T>& items) {
    std::vector<std::string> lines;
    for (const T& item : items) lines.push_back("\n  " + json_of(item));
    return fmt::format("[{}]", fmt::join(lines, ","));
}

// Reads members, and remembers whether one was not as it has to be.
class Reader {
public:
    explicit Reader(bool* is_sound) : is_sound_(is_sound) {}

    std::string text(const json::value& object, std::string_view name) const {
        const json::value* found = member(object, name);
        if (found != nullptr && found->is_string()) return std::string(found->get_string());
        *is_sound_ = false;
        return {};
    }
    std::int64_t number(const json::value& object, std::string_view name) const {
        const json::value* found = member(object, name);
        if (found != nullptr && found->is_int64()) return found->get_int64();
        *is_sound_ = false;
        return 0;
    }
    json::array list(const json::value& object, std::string_view name) const {
        const json::value* found = member(object, name);
        if (found != nullptr && found->is_array()) return found->get_array();
        *is_sound_ = false;
        return {};
    }
    json::object object(const json::value& object, std::string_view name) const {
        const json::value* found = member(object, name);
        if (found != nullptr && found->is_object()) return found->get_object();
        *is_sound_ = false;
        return {};
    }

private:
    static const json::value* member(const json::value& object, std::string_view name) {
        return object.is_object() ? object.get_object().if_contains(name) : nullptr;
    }

    bool* is_sound_;
};

std::unexpected<Error> damaged(std::string detail) {
    return fail(Kind::Corrupt, damaged_rule, std::move(detail));
}

// A file of the folder itself, and none that is hidden.
bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name.front() != '.' &&
           std::ranges::all_of(name, [](char c) {
               return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.';
           });
}

void read_lists(const json::value& from, const Reader& reader, bool* is_sound, Manifest& manifest) {
    for (const auto& [role, number] : reader.object(from, "schema")) {
        *is_sound = *is_sound && number.is_int64();
        if (*is_sound) manifest.schema.emplace(role, number.get_int64());
    }
    for (const json::value& one : reader.list(from, "files")) {
        CopyFile file{
            reader.text(one, "name"), reader.number(one, "bytes"), reader.text(one, "sha256"), {}};
        for (const json::value& role : reader.list(one, "roles")) {
            *is_sound = *is_sound && role.is_string();
            if (*is_sound) file.roles.emplace_back(role.get_string());
        }
        *is_sound = *is_sound && is_plain_name(file.name);
        manifest.files.push_back(std::move(file));
    }
    for (const json::value& one : reader.list(from, "tables")) {
        manifest.tables.push_back({reader.text(one, "role"), reader.text(one, "table"),
                                   reader.number(one, "rows"), reader.text(one, "sum")});
    }
}

}  // namespace

std::string_view name_of(Part part) { return part == Part::Data ? "data" : "keys"; }

std::string to_json(const Manifest& manifest) {
    std::vector<std::string> schema;
    for (const auto& [role, number] : manifest.schema) {
        schema.push_back(fmt::format("{}:{}", in_quotes(role), number));
    }
    std::string text = fmt::format(
        R"({{"format":{},"part":{},"backup":{},"store":{},"master":{},"release":{},"takenAt":{},)"
        "\n"
        R"("schema":{{{}}},"files":{},)"
        "\n"
        R"("tables":{})",
        format_number, in_quotes(name_of(manifest.part)), in_quotes(manifest.backup),
        in_quotes(manifest.store), in_quotes(manifest.master), in_quotes(manifest.release),
        in_quotes(manifest.taken_at), fmt::join(schema, ","), list_of(manifest.files),
        list_of(manifest.tables));
    const std::string digest = digest_of(text);
    return text.append(digest_member).append(digest).append("\"}\n");
}

Result<Manifest> parse_manifest(std::string_view text) {
    const std::size_t end = text.rfind(digest_member);
    const std::string_view digest =
        end == std::string_view::npos ? "" : text.substr(end + digest_member.size());
    if (digest != digest_of(text.substr(0, end)) + "\"}\n") {
        return damaged("its digest is another: it is damaged or cut off");
    }
    const auto parsed = wire::parse_json(text, {.bytes = manifest_bytes_max, .depth = 5});
    if (!parsed) return damaged("it is no JSON");
    bool is_sound = true;
    const Reader reader(&is_sound);
    if (reader.number(*parsed, "format") != format_number) {
        return damaged("it has a format that this release does not know");
    }
    Manifest manifest;
    const std::string part = reader.text(*parsed, "part");
    manifest.part = part == name_of(Part::Keys) ? Part::Keys : Part::Data;
    manifest.backup = reader.text(*parsed, "backup");
    manifest.store = reader.text(*parsed, "store");
    manifest.master = reader.text(*parsed, "master");
    manifest.release = reader.text(*parsed, "release");
    manifest.taken_at = reader.text(*parsed, "takenAt");
    read_lists(*parsed, reader, &is_sound, manifest);
    if (!is_sound || manifest.files.empty() || part != name_of(manifest.part)) {
        return damaged("a member is missing or is no such value");
    }
    return manifest;
}

std::vector<CopyTable> tables_of(const std::vector<CopiedTable>& tables) {
    std::vector<CopyTable> found;
    for (const CopiedTable& table : tables) {
        found.push_back({table.role, table.name, table.sum.rows, table.sum.text()});
    }
    std::ranges::sort(found, {}, &CopyTable::name);
    return found;
}

}  // namespace merlon::operations

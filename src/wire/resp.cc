// Reads RESP replies, value by value.
#include "wire/resp.h"

#include <algorithm>
#include <charconv>

namespace merlon::wire {
namespace {

std::unexpected<Error> syntax() { return fail(Kind::Invalid, "resp.syntax"); }

// A whole number in its one spelling; "+1" is allowed by the protocol.
bool parse_integer(std::string_view text, std::int64_t& out) {
    if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

void RespReader::reset() {
    items_.clear();
    position_ = scanned_ = depth_ = 0;
    is_whole_ = false;
}

Result<bool> RespReader::read(std::string_view input) {
    while (!is_whole_) {
        if (!MERLON_TRY(read_value(input))) return false;
    }
    return true;
}

void RespReader::value_ended() {
    while (depth_ > 0 && --missing_[depth_ - 1] == 0) --depth_;
    is_whole_ = depth_ == 0;
}

Result<> RespReader::open_collection(RespType type, std::int64_t members) {
    if (members == -1 && type == RespType::Array) {  // RESP2's null array
        items_.push_back({RespType::Null});
        value_ended();
        return {};
    }
    if (members < 0) return syntax();
    if (members > static_cast<std::int64_t>(items_max)) return fail(Kind::Invalid, "resp.limit");
    if (type == RespType::Map) members *= 2;
    items_.push_back({type, members});
    if (members == 0) {
        value_ended();
        return {};
    }
    if (depth_ == depth_max) return fail(Kind::Invalid, "resp.limit");
    missing_[depth_++] = members;
    return {};
}

// The line is read again with each call until the bytes are there: it is short.
Result<bool> RespReader::read_bulk(std::string_view input, RespType type, std::string_view length) {
    std::int64_t bytes = 0;
    if (!parse_integer(length, bytes)) return syntax();
    const std::size_t begin = position_ + length.size() + 3;  // type, CR, LF
    if (bytes == -1 && type == RespType::BulkString) {
        items_.push_back({RespType::Null});
        position_ = begin;
        value_ended();
        return true;
    }
    if (bytes < 0) return syntax();
    if (begin + 2 > reply_bytes_max ||
        bytes > static_cast<std::int64_t>(reply_bytes_max - begin - 2)) {
        return fail(Kind::Invalid, "resp.limit");
    }
    const std::size_t end = begin + static_cast<std::size_t>(bytes);
    if (input.size() < end + 2) return false;
    if (input.substr(end, 2) != "\r\n") return syntax();
    items_.push_back(
        {type, 0, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(bytes)});
    position_ = end + 2;
    value_ended();
    return true;
}

Result<bool> RespReader::read_value(std::string_view input) {
    scanned_ = std::max(scanned_, position_);
    const std::size_t feed = input.find('\n', scanned_);
    if ((feed == std::string_view::npos ? input.size() : feed) - position_ > line_bytes_max) {
        return fail(Kind::Invalid, "resp.limit");
    }
    if (feed == std::string_view::npos) {
        scanned_ = input.size();
        return false;
    }
    scanned_ = feed;
    if (feed < position_ + 2 || input[feed - 1] != '\r') return syntax();
    if (items_.size() == items_max || feed >= reply_bytes_max) {
        return fail(Kind::Invalid, "resp.limit");
    }
    const std::string_view line = input.substr(position_ + 1, feed - 1 - (position_ + 1));
    if (line.find('\r') != std::string_view::npos) return syntax();
    const auto at = static_cast<std::uint32_t>(position_ + 1);
    const auto bytes = static_cast<std::uint32_t>(line.size());
    RespItem item{RespType::Other, 0, at, bytes};
    switch (input[position_]) {
        case '$':
        case '=':
            return read_bulk(input, RespType::BulkString, line);
        case '!':
            return read_bulk(input, RespType::BulkError, line);
        case '*':
        case '~':
        case '%':
        case '>': {
            const char type = input[position_];
            std::int64_t members = 0;
            if (!parse_integer(line, members)) return syntax();
            // Only a reply of its own can be out of band.
            if (type == '>' && depth_ > 0) return syntax();
            position_ = feed + 1;
            MERLON_TRY(open_collection(type == '%'   ? RespType::Map
                                       : type == '>' ? RespType::Push
                                                     : RespType::Array,
                                       members));
            return true;
        }
        case '+':
            item.type = RespType::SimpleString;
            break;
        case '-':
            item.type = RespType::SimpleError;
            break;
        case ',':
        case '(':
            break;
        case ':':
            item = {RespType::Integer};
            if (!parse_integer(line, item.number)) return syntax();
            break;
        case '#':
            if (line != "t" && line != "f") return syntax();
            item = {RespType::Boolean, line == "t"};
            break;
        case '_':
            if (!line.empty()) return syntax();
            item = {RespType::Null};
            break;
        default:
            return fail(Kind::Invalid, "resp.type");
    }
    items_.push_back(item);
    position_ = feed + 1;
    value_ended();
    return true;
}

// Grown once for the whole command: with limits in Redis every request sends one.
void append_command(std::string& out, std::span<const std::string_view> words) {
    constexpr std::size_t count_bytes_max = 1 + 20 + 2;  // type, 64 bits, CR LF
    std::size_t bytes_max = count_bytes_max;
    for (const std::string_view word : words) bytes_max += count_bytes_max + word.size() + 2;
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + bytes_max, [&](char* text, std::size_t) {
        char* end = text + before;
        const auto put = [&end](std::string_view part) {
            std::char_traits<char>::copy(end, part.data(), part.size());  // may be null and empty
            end += part.size();
        };
        const auto put_count = [&](char type, std::size_t count) {
            *end++ = type;
            end = std::to_chars(end, end + 20, count).ptr;
            put("\r\n");
        };
        put_count('*', words.size());
        for (const std::string_view word : words) {
            put_count('$', word.size());
            put(word);
            put("\r\n");
        }
        return end - text;
    });
}

}  // namespace merlon::wire

// The Redis serialization protocol, RESP2 and RESP3 (redis.io/docs/reference/protocol-spec):
// writing commands, reading replies as they arrive.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace merlon::wire {

enum class RespType : std::uint8_t {
    SimpleString,  // + of one line
    SimpleError,   // -
    Integer,       // :
    BulkString,    // $ also = (verbatim; its text begins with "txt:")
    BulkError,     // !
    Null,          // _ $-1 *-1
    Boolean,       // # number is 0 or 1
    Other,         // , ( doubles and big numbers, as text
    Array,         // * also ~ (set)
    Map,           // % number counts keys and values
    Push,          // > out of band: answers no command
};

// One value of a reply. A collection is followed by its members.
struct RespItem {
    RespType type;
    std::int64_t number = 0;  // of an integer or a boolean; members of a collection
    std::uint32_t at = 0;     // of a text: where in the reply it begins
    std::uint32_t bytes = 0;

    bool is_error() const { return type == RespType::SimpleError || type == RespType::BulkError; }
};

// One reply after another. A server is trusted to count, not to be kind: every size it names has a
// limit, and nothing is allocated for what has not come. Streamed collections and attributes, which
// nobody gets who does not ask for them, are refused.
class RespReader {
public:
    static constexpr std::size_t reply_bytes_max = 64 << 10;
    static constexpr std::size_t line_bytes_max = 4 << 10;
    static constexpr std::size_t items_max = 1024;
    static constexpr std::size_t depth_max = 8;

    // `input` begins with the reply's first byte, and holds at least what it held at the last call.
    // Whether the reply is whole. Each byte is looked at about once, however the reply is cut.
    // Errors (Invalid): "resp.syntax", "resp.type", "resp.limit". The connection has to be closed.
    Result<bool> read(std::string_view input);

    // Of a whole reply.
    std::span<const RespItem> items() const { return items_; }
    static std::string_view text(const RespItem& item, std::string_view input) {
        return input.substr(item.at, item.bytes);
    }
    std::size_t bytes() const { return position_; }

    // Before the next reply.
    void reset();

private:
    Result<bool> read_value(std::string_view input);
    Result<bool> read_bulk(std::string_view input, RespType type, std::string_view length);
    Result<> open_collection(RespType type, std::int64_t members);
    void value_ended();

    std::vector<RespItem> items_;
    std::size_t position_ = 0;                       // where the next value begins
    std::size_t scanned_ = 0;                        // no line feed before here
    std::array<std::int64_t, depth_max> missing_{};  // members still to come, of each open one
    std::size_t depth_ = 0;
    bool is_whole_ = false;
};

// Appends a command: an array of bulk strings.
void append_command(std::string& out, std::span<const std::string_view> words);

}  // namespace merlon::wire

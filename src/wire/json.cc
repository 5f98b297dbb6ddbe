// Parses JSON, then refuses what the parser lets pass.
#include "wire/json.h"

#include <boost/json/memory_resource.hpp>
#include <boost/json/parser.hpp>
#include <cmath>
#include <new>

#include "base/secret.h"

namespace merlon::wire {
namespace {

class WipedMemory final : public boost::json::memory_resource {
    // Boost.JSON's own resource aligns no more than this either.
    void* do_allocate(std::size_t bytes, std::size_t) override { return ::operator new(bytes); }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t) override {
        wipe({static_cast<std::byte*>(memory), bytes});
        ::operator delete(memory);
    }
    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
        return this == &other;
    }
};

// Has no state; never ends, as values may be anywhere.
boost::json::storage_ptr wiped_memory() {
    static WipedMemory memory;
    return &memory;
}

// Walks a parsed value for what the parser lets pass.
Result<> check_numbers(const boost::json::value& value) {
    if (value.is_double() && !std::isfinite(value.get_double())) {
        return fail(Kind::Invalid, "json.number");
    }
    if (const auto* array = value.if_array()) {
        for (const auto& element : *array) MERLON_TRY(check_numbers(element));
    } else if (const auto* object = value.if_object()) {
        for (const auto& member : *object) MERLON_TRY(check_numbers(member.value()));
    }
    return {};
}

// Counts the members of every object as written. Boost.JSON keeps one member per key, so a
// duplicate shows as a difference to what it kept. The text is well-formed here.
class MemberCounter {
public:
    explicit MemberCounter(std::string_view text) {
        bool in_string = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (in_string) {
                if (c == '\\') ++i;
                if (c == '"') in_string = false;
            } else if (c == '"') {
                in_string = true;
            } else if (c == ':') {
                ++members_;
            }
        }
    }
    std::size_t members() const { return members_; }

private:
    std::size_t members_ = 0;
};

std::size_t count_members(const boost::json::value& value) {
    std::size_t count = 0;
    if (const auto* array = value.if_array()) {
        for (const auto& element : *array) count += count_members(element);
    } else if (const auto* object = value.if_object()) {
        count += object->size();
        for (const auto& member : *object) count += count_members(member.value());
    }
    return count;
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes) return fail(Kind::Invalid, "json.too_large");
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    boost::json::parser parser(wiped_memory(), options);
    parser.reset(wiped_memory());
    boost::system::error_code error;
    parser.write(text.data(), text.size(), error);
    // It unescapes strings on the stack.
    if (text.contains('\\')) wipe_stack();
    if (error == boost::json::error::too_deep) return fail(Kind::Invalid, "json.too_deep");
    if (error) return fail(Kind::Invalid, "json.malformed", error.message());
    boost::json::value value = parser.release();
    MERLON_TRY(check_numbers(value));
    if (MemberCounter(text).members() != count_members(value)) {
        return fail(Kind::Invalid, "json.duplicate_key");
    }
    return value;
}

}  // namespace merlon::wire

// Whatever a line holds, it is refused, or it is a person whom every other part takes.
#include <cstddef>
#include <cstdint>

#include "base/uuid.h"
#include "crypto/password_encoding.h"
#include "identity/accounts/import_form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon;
    static const auto form = identity::ImportForm::make({});
    constexpr WallTime now{std::chrono::milliseconds{1'767'225'600'000}};
    const auto person = form.parse({reinterpret_cast<const char*>(data), size}, now);
    if (!person) return 0;
    MERLON_ASSERT(Uuid::parse(person->id)->text() == person->id);
    MERLON_ASSERT(wire::Email::parse(person->email.as_typed()).has_value());
    MERLON_ASSERT(!person->first_name.empty() && !person->last_name.empty());
    MERLON_ASSERT(person->hash.empty() || crypto::parse_password_hash(person->hash).has_value());
    MERLON_ASSERT(!person->created_at || *person->created_at <= now);
    return 0;
}

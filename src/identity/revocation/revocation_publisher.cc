// Publishes committed revocations.
#include "identity/revocation/revocation_publisher.h"

namespace merlon::identity {

void RevocationPublisher::end_session(const std::string& session_id, WallTime until) {
    revocations_.end_session(session_id, until);
    if (session_keys_ == nullptr) return;
    // A token of a fleet that shares secrets may name a session that is none.
    if (auto key = SessionKey::of_session(session_id, until)) session_keys_->add(*std::move(key));
}

void RevocationPublisher::end_sessions(const std::vector<std::string>& session_ids) {
    for (const std::string& id : session_ids) end_session(id, access_tokens_.last_expiry());
}

Task<> RevocationPublisher::raise_version(std::string user_id, std::int64_t version,
                                          WallTime until) {
    revocations_.raise_version(user_id, version, until);
    return write_version(std::move(user_id), version, until);
}

Task<> RevocationPublisher::write_token(std::string user_id, std::string access_token) {
    if (session_keys_ == nullptr) return Result<>{};
    auto key = SessionKey::of_token(user_id, access_token, access_tokens_.last_expiry());
    // Only a gateway that makes things up names such a token: nobody holds it.
    if (!key) return Result<>{};
    return session_keys_->write(*std::move(key));
}

Task<> RevocationPublisher::write_version(std::string user_id, std::int64_t version,
                                          WallTime until) {
    if (session_keys_ == nullptr || version == 0) return Result<>{};
    return session_keys_->write(MERLON_TRY(SessionKey::of_version(user_id, version, until)));
}

}  // namespace merlon::identity

// Why no backend server was asked.
#pragma once

#include "config/result.hpp"

namespace hsmfront::http {

/// All of them mean 503.
enum class BackendErrc {
    all_down = 1,   ///< health checks found no server that may be asked
    queue_full,     ///< too many requests wait for a place already
    queue_timeout,  ///< waited for a place for too long
};

const boost::system::error_category& backend_category() noexcept;

inline error_code make_error_code(BackendErrc e) noexcept {
    return {static_cast<int>(e), backend_category()};
}

}  // namespace hsmfront::http

template <>
struct boost::system::is_error_code_enum<hsmfront::http::BackendErrc> : std::true_type {};

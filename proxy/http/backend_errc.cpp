#include "proxy/http/backend_errc.hpp"

#include "config/error_category.hpp"

#include <array>

namespace hsmfront::http {

const boost::system::error_category& backend_category() noexcept {
    static constexpr std::array texts{
        "every backend is down",
        "too many requests wait for a backend",
        "waited too long for a backend",
    };
    static const ErrorCategory category("hsmfront.backend", texts);
    return category;
}

}  // namespace hsmfront::http

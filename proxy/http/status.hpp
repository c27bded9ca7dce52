// The status codes this proxy answers with itself.
#pragma once

#include <boost/system/result.hpp>

namespace hsmfront::http {

enum class Status : unsigned short {
    bad_request = 400,
    not_found = 404,
    request_timeout = 408,
    content_too_large = 413,
    uri_too_long = 414,
    misdirected = 421,
    fields_too_large = 431,
    not_implemented = 501,
    bad_gateway = 502,
    unavailable = 503,
    gateway_timeout = 504,
    version_not_supported = 505,
};

/// What was parsed, or the status to refuse it with. For responses of a backend every refusal is
/// bad_gateway.
template <class T>
using Parsed = boost::system::result<T, Status>;

}  // namespace hsmfront::http

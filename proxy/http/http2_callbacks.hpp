// How nghttp2 tells an Http2Session what came and went.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/http2_memory.hpp"

#include <nghttp2/nghttp2.h>

namespace hsmfront::http {

class Http2Session;

/// A server session whose callbacks call `session`; it and `memory` outlive it. Throws
/// std::bad_alloc.
[[nodiscard]] nghttp2_session* make_native(
    Http2Session& session, Http2Memory& memory, const config::Http2Limits& limits
);

}  // namespace hsmfront::http

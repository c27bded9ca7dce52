#include "proxy/tls/session_tag.hpp"

#include <openssl/rand.h>

#include <new>

namespace hsmfront::tls {

SessionTag SessionTag::random() {
    SessionTag tag;
    if (RAND_bytes(tag.bytes.data(), static_cast<int>(tag.bytes.size())) != 1) {
        throw std::bad_alloc();  // the only way a seeded generator fails; never go on unbound
    }
    return tag;
}

}  // namespace hsmfront::tls

#include "proxy/tls/key_log.hpp"

#ifndef NDEBUG
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#endif

namespace hsmfront::tls {

#ifdef NDEBUG

void log_session_keys(SSL_CTX*) {}

#else

namespace {

/// One write for each line: workers share the file.
void append_line(const SSL*, const char* line) {
    const char* file = std::getenv("SSLKEYLOGFILE");
    const int fd =
        file == nullptr ? -1 : ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        const std::string text = std::string(line) + '\n';
        static_cast<void>(::write(fd, text.data(), text.size()) >= 0);
        ::close(fd);
    }
}

}  // namespace

void log_session_keys(SSL_CTX* ctx) { SSL_CTX_set_keylog_callback(ctx, append_line); }

#endif

}  // namespace hsmfront::tls

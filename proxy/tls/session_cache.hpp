// SessionCache: TLS 1.2 sessions found by their id, for clients without tickets (RFC 5246
// §7.4.1.2).
#pragma once

#include "certs/handle.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <ctime>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hsmfront::tls {

/// Empty without one. Valid as long as the session has it.
[[nodiscard]] std::string_view session_id(const SSL_SESSION* session);

/// Bounded in bytes: what was least recently used goes first. Holds copies that look no different
/// wherever they are resumed; OpenSSL compares the session id context itself. Any thread. Shared by
/// all contexts of the process, over reloads too.
class SessionCache {
  public:
    using Found = std::unique_ptr<SSL_SESSION, certs::Deleter<SSL_SESSION_free>>;

    /// At most about `capacity` bytes of memory; 0: nothing is kept.
    explicit SessionCache(std::size_t capacity) : capacity_(capacity) {}

    void resize(std::size_t capacity);
    [[nodiscard]] std::size_t capacity() const;

    /// Keeps a copy of `session`, in place of one with the same id. Nothing happens without an id,
    /// or when it alone is larger than the cache.
    void add(SSL_SESSION* session);
    /// A new copy; null if none is kept under `id`, or it has expired at `now`.
    [[nodiscard]] Found find(std::string_view id, std::time_t now);
    void remove(std::string_view id);

    [[nodiscard]] std::size_t size() const;   ///< sessions
    [[nodiscard]] std::size_t bytes() const;  ///< of memory that they take

  private:
    /// A session in DER with its master secret, wiped at the end.
    class Serialised {
      public:
        explicit Serialised(std::size_t size) : bytes_(size) {}
        ~Serialised();
        Serialised(const Serialised& other) = default;
        Serialised(Serialised&&) = default;
        Serialised& operator=(const Serialised&) = delete;
        Serialised& operator=(Serialised&&) = delete;

        [[nodiscard]] unsigned char* data() { return bytes_.data(); }
        [[nodiscard]] std::size_t size() const { return bytes_.size(); }

      private:
        std::vector<unsigned char> bytes_;
    };
    struct Entry {
        std::string id;
        Serialised session;
        std::time_t expires;
    };
    using Entries = std::list<Entry>;

    [[nodiscard]] static std::size_t cost(const Entry& entry);
    // With the mutex held.
    void drop(Entries::iterator entry);
    void shrink();

    mutable std::mutex mutex_;
    std::size_t capacity_;
    std::size_t bytes_ = 0;
    Entries entries_;  ///< the most recently used first
    std::unordered_map<std::string_view, Entries::iterator> by_id_;
};

}  // namespace hsmfront::tls

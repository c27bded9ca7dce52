// SessionStatus: the sessions that are open now, for people.
#pragma once

#include "proxy/net/session_facts.hpp"

#include <cstddef>
#include <string>

namespace hsmfront::admin {

struct SessionStatus {
    /// Sessions that are shown one by one; of more only the number is told.
    static constexpr std::size_t most = 200;

    net::SessionList list;
    std::size_t silent = 0;  ///< workers that did not answer in time; their sessions are missing

    /// Takes in the sessions of one worker.
    void add(net::SessionList more);
};

/// A table for a terminal; what could draw on it is replaced.
[[nodiscard]] std::string render(const SessionStatus& status);

/// "12.3 MiB".
[[nodiscard]] std::string byte_text(std::uint64_t count);

}  // namespace hsmfront::admin

// KeyTable: the parts of the table, one for each protocol and one for what they share. Ranges stand
// in them, defaults in settings.hpp.
#pragma once

#include "config/key_types.hpp"

#include <iterator>
#include <vector>

namespace hsmfront::config {

[[nodiscard]] std::vector<Key> hsm_and_tls_keys();
[[nodiscard]] std::vector<Key> ftp_keys();
[[nodiscard]] std::vector<Key> http_keys();
[[nodiscard]] std::vector<Key> common_keys();

inline void append(std::vector<Key>& keys, std::vector<Key> more) {
    std::move(more.begin(), more.end(), std::back_inserter(keys));
}

}  // namespace hsmfront::config

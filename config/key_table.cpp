// KeyTable: every key with an effect, in the order of the sample.
#include "config/key_table.hpp"

#include "config/keys.hpp"

namespace hsmfront::config {
namespace {

std::vector<Key> all_keys() {
    std::vector<Key> all;
    for (auto* const part :
         {hsm_keys, tls_keys, ftp_keys, http_keys, common_keys, log_keys, shutdown_keys}) {
        append(all, part());
    }
    return all;
}

}  // namespace

const std::vector<Key>& keys() {
    static const std::vector<Key> table = all_keys();
    return table;
}

}  // namespace hsmfront::config

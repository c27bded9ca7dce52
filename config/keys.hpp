// Keys: every key of the configuration in one table, read by the loader and by the test that
// compares it with the sample and the schema.
#pragma once

#include "config/key_types.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::config {

/// Every key that has an effect, in the order of the sample.
[[nodiscard]] const std::vector<Key>& keys();

/// A key of a later version. Values that switch it off are accepted quietly.
struct LaterKey {
    std::string path;  ///< the key and all below it; empty it is accepted
    std::string message;
};

[[nodiscard]] const std::vector<LaterKey>& later_keys();

/// Another name for a key, as operators know it.
struct Synonym {
    std::string path;
    std::string key;
};

[[nodiscard]] const std::vector<Synonym>& synonyms();

/// The key that a single value stands for in place of `section`; null: none.
[[nodiscard]] const std::string* short_form(std::string_view section);

[[nodiscard]] const Key* find_key(std::string_view path);
[[nodiscard]] const LaterKey* find_later_key(std::string_view path);

/// True when known keys lie below `path`.
[[nodiscard]] bool is_section(std::string_view path);

/// The names directly below `section` ("" is the top): "enabled", "hsm", …
[[nodiscard]] std::vector<std::string> names_in(std::string_view section);

}  // namespace hsmfront::config

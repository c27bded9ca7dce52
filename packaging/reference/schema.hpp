// Schema: what hsmfront.schema.json says about a key.
#pragma once

#include "config/yaml_tree.hpp"

#include <string>

namespace hsmfront::reference {

class Schema {
  public:
    /// Throws std::runtime_error when `file` cannot be read.
    explicit Schema(const std::string& file);

    /// Of the key or section `path`, as the table of keys writes it; empty if there is none.
    [[nodiscard]] std::string description(const std::string& path) const;
    /// "[a, b]" for a list; empty without a default.
    [[nodiscard]] std::string default_value(const std::string& path) const;
    /// "1–256"; empty for what is no number.
    [[nodiscard]] std::string range(const std::string& path) const;

  private:
    /// Null when there is none. What it refers to is not followed.
    [[nodiscard]] const config::YamlNode* node(const std::string& path) const;
    [[nodiscard]] const config::YamlNode& followed(const config::YamlNode& at) const;

    config::YamlNode root_;
};

}  // namespace hsmfront::reference

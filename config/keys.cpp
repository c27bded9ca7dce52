// Keys: keys of later versions, synonyms, and look-ups in the tables.
#include "config/keys.hpp"

#include <algorithm>

namespace hsmfront::config {
namespace {

std::vector<LaterKey> all_later_keys() {
    return {
        {"ftp.backends",
         "several backends are not available in this version; use backend: { address, port }"},
    };
}

/// True when `path` is `section` or lies below it.
bool within(std::string_view path, std::string_view section) {
    if (section.empty()) {
        return true;
    }
    return path.starts_with(section) &&
           (path.size() == section.size() || path[section.size()] == '.');
}

}  // namespace

const std::vector<LaterKey>& later_keys() {
    static const std::vector<LaterKey> table = all_later_keys();
    return table;
}

const std::vector<Synonym>& synonyms() {
    static const std::vector<Synonym> table{
        {"hsm.keystorepath", "hsm.token"},
        {"hsm.keystorepassword", "hsm.pin.value"},
        {"ftp.ssl.requireclosenotify", "ftp.data.require_close_notify"},
    };
    return table;
}

const std::string* short_form(std::string_view section) {
    static const std::string access = "log.access.file";
    return section == "log.access" ? &access : nullptr;
}

const Key* find_key(std::string_view path) {
    const auto found = std::find_if(keys().begin(), keys().end(), [path](const Key& key) {
        return key.path == path;
    });
    return found == keys().end() ? nullptr : &*found;
}

const LaterKey* find_later_key(std::string_view path) {
    const auto& table = later_keys();
    const auto found = std::find_if(table.begin(), table.end(), [path](const LaterKey& key) {
        return key.path == path;
    });
    return found == table.end() ? nullptr : &*found;
}

bool is_section(std::string_view path) { return !names_in(path).empty(); }

std::vector<std::string> names_in(std::string_view section) {
    std::vector<std::string> names;
    const auto add = [&names, section](std::string_view path) {
        if (!within(path, section) || path.size() <= section.size()) {
            return;
        }
        path.remove_prefix(section.empty() ? 0 : section.size() + 1);
        std::string name{path.substr(0, path.find('.'))};
        if (!name.ends_with("[]") && std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(std::move(name));
        }
    };
    for (const Key& key : keys()) {
        add(key.path);
    }
    for (const LaterKey& key : later_keys()) {
        add(key.path);
    }
    return names;
}

}  // namespace hsmfront::config

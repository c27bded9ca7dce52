// KeyTypes: one factory for each kind of value a key can have. A key knows its path, what it
// expects and how its text becomes a field of Settings.
#pragma once

#include "config/settings.hpp"
#include "config/units.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hsmfront::config {

struct Key {
    enum class Shape {
        scalar,
        scalars,  ///< a scalar or a list of scalars
        list,     ///< a list of mappings; `read` appends an empty element
        map       ///< mappings by a name of the user's; `read` takes it and appends an element
    };

    /// Lower case, dotted; keys of the elements of lists and maps below "ftp.listen[]".
    std::string path;
    std::string expected;  ///< "a duration"
    Shape shape = Shape::scalar;
    /// Takes the values (one for a scalar, none for a list); returns the error, empty if fine.
    /// For an element's key the element is the last of its list.
    std::function<std::string(Settings&, const std::vector<std::string>&)> read;
    bool secret = false;      ///< its value never appears in a message
    bool has_default = true;  ///< false: absent unless given, the sample shows an example
};

/// `key` without a default: the sample shows an example in its place.
[[nodiscard]] Key example(Key key);
[[nodiscard]] Key secret(Key key);

/// Joins "a", "b" and "c" to `a, b or c`.
[[nodiscard]] std::string alternatives(const std::vector<std::string>& words);

namespace detail {

std::string outside(const std::string& min, const std::string& max, const std::string& found);
std::string not_one_of(const std::vector<std::string>& names, const std::string& found);

/// A scalar key whose text goes through `parse` into the field that `at` points at.
template <class At, class Parse>
Key scalar(std::string path, std::string expected, At at, Parse parse) {
    Key key;
    key.path = std::move(path);
    key.expected = std::move(expected);
    key.read = [at, parse](Settings& settings, const std::vector<std::string>& values) {
        auto parsed = parse(values.front());
        if (!parsed) {
            return parsed.error();
        }
        *at(settings) = std::move(*parsed);
        return std::string{};
    };
    return key;
}

}  // namespace detail

template <class At>
Key boolean(std::string path, At at) {
    return detail::scalar(std::move(path), "true or false", at, parse_boolean);
}

template <class At>
Key duration(std::string path, At at, milliseconds min, milliseconds max) {
    const auto parse = [min, max](const std::string& text) -> Parsed<milliseconds> {
        auto parsed = parse_duration(text);
        if (parsed && (*parsed < min || *parsed > max)) {
            return detail::outside(show(min), show(max), text);
        }
        return parsed;
    };
    return detail::scalar(std::move(path), "a duration such as 30s", at, parse);
}

constexpr milliseconds shortest_time = 1ms;
constexpr milliseconds longest_time = 365 * 24h;

/// A duration that is neither zero nor beyond reason.
template <class At>
Key timeout(std::string path, At at) {
    return duration(std::move(path), at, shortest_time, longest_time);
}

constexpr std::size_t most_things = 10'000'000;

template <class At>
Key count(std::string path, At at, std::size_t min, std::size_t max) {
    const auto parse = [min, max](const std::string& text) { return parse_number(text, min, max); };
    return detail::scalar(std::move(path), "a whole number", at, parse);
}

template <class At>
Key size(std::string path, At at, std::uint64_t min, std::uint64_t max) {
    const auto parse = [min, max](const std::string& text) -> Parsed<std::uint64_t> {
        auto parsed = parse_size(text);
        if (parsed && (*parsed < min || *parsed > max)) {
            return detail::outside(show_size(min), show_size(max), text);
        }
        return parsed;
    };
    return detail::scalar(std::move(path), "a size such as 64KiB", at, parse);
}

template <class At>
Key rate(std::string path, At at) {
    return detail::scalar(std::move(path), "a rate such as 100/s, or none", at, parse_rate);
}

template <class At>
Key port(std::string path, At at) {
    return detail::scalar(std::move(path), "a port number", at, parse_port);
}

template <class Value, class At>
Key choice(std::string path, At at, std::vector<std::pair<std::string, Value>> values) {
    std::vector<std::string> names;
    names.reserve(values.size());
    for (const auto& value : values) {
        names.push_back(value.first);
    }
    Key key;
    key.path = std::move(path);
    key.expected = alternatives(names);
    key.read = [at, values, names](Settings& settings, const std::vector<std::string>& given) {
        for (const auto& [name, value] : values) {
            if (name == given.front()) {
                *at(settings) = value;
                return std::string{};
            }
        }
        return detail::not_one_of(names, given.front());
    };
    return key;
}

template <class At>
Key proxy_version(std::string path, At at) {
    return choice<ProxyVersion>(
        std::move(path),
        at,
        {{"none", ProxyVersion::none}, {"v1", ProxyVersion::v1}, {"v2", ProxyVersion::v2}}
    );
}

/// `key`, and `word` for the empty value of what `at` points at.
template <class At>
Key or_empty(std::string word, Key key, At at) {
    key.expected = word + " or " + key.expected;
    key.read = [at, word, read = std::move(key.read)](
                   Settings& settings, const std::vector<std::string>& values
               ) {
        if (values.front() != word) {
            return read(settings, values);
        }
        at(settings)->clear();
        return std::string{};
    };
    return key;
}

using TextCheck = std::string (*)(const std::string&);

/// The checks of text: the error, empty if fine.
[[nodiscard]] std::string check_filled(const std::string& text);
[[nodiscard]] std::string check_address(const std::string& text);
[[nodiscard]] std::string check_host(const std::string& text);
/// A host name, or one whose first label is "*".
[[nodiscard]] std::string check_host_pattern(const std::string& text);
[[nodiscard]] std::string check_network(const std::string& text);
[[nodiscard]] std::string check_alias(const std::string& text);
/// A path of RFC 3986 §3.3 as routes are given: without dot segments, "//", "%", ";" and query.
[[nodiscard]] std::string check_url_path(const std::string& text);
/// A path and query as a request line holds them (RFC 9112 §3.2.1).
[[nodiscard]] std::string check_url_target(const std::string& text);
/// An FTP command, or one and the first word of its argument.
[[nodiscard]] std::string check_command(const std::string& text);

/// Text, path or optional of either: whatever a checked string can be assigned to.
template <class At>
Key text(std::string path, At at, TextCheck check = check_filled) {
    Key key;
    key.path = std::move(path);
    key.expected = "text";
    key.read = [at, check](Settings& settings, const std::vector<std::string>& values) {
        std::string error = check(values.front());
        if (error.empty()) {
            *at(settings) = values.front();
        }
        return error;
    };
    return key;
}

template <class At>
Key texts(std::string path, At at, TextCheck check) {
    Key key;
    key.path = std::move(path);
    key.expected = "text or a list of texts";
    key.shape = Key::Shape::scalars;
    key.read = [at, check](Settings& settings, const std::vector<std::string>& values) {
        for (const std::string& value : values) {
            if (std::string error = check(value); !error.empty()) {
                return error;
            }
        }
        *at(settings) = values;
        return std::string{};
    };
    return key;
}

/// Paths of files or folders.
template <class At>
Key files(std::string path, At at) {
    Key key;
    key.path = std::move(path);
    key.expected = "a path or a list of paths";
    key.shape = Key::Shape::scalars;
    key.read = [at](Settings& settings, const std::vector<std::string>& values) {
        std::vector<std::filesystem::path> paths;
        for (const std::string& value : values) {
            if (std::string error = check_filled(value); !error.empty()) {
                return error;
            }
            paths.emplace_back(value);
        }
        *at(settings) = std::move(paths);
        return std::string{};
    };
    return key;
}

/// One SSL key alias, or two for an RSA + EC pair.
template <class At>
Key aliases(std::string path, At at) {
    Key key = texts(std::move(path), at, check_alias);
    key.expected = "an alias or a list of two";
    key.read = [read = key.read](Settings& settings, const std::vector<std::string>& values) {
        if (values.empty() || values.size() > 2) {
            return std::string{"expected one alias, or two for an RSA and an EC key"};
        }
        if (values.size() == 2 && values[0] == values[1]) {
            return std::string{"the same alias twice"};
        }
        return read(settings, values);
    };
    return key;
}

/// A list of mappings; each new element is appended to what `at` points at.
template <class At>
Key list(std::string path, At at) {
    Key key;
    key.path = std::move(path);
    key.expected = "a list of { address, port }";
    key.shape = Key::Shape::list;
    key.read = [at](Settings& settings, const std::vector<std::string>&) {
        at(settings)->emplace_back();
        return std::string{};
    };
    return key;
}

/// Mappings by host name; each is appended to what `at` points at.
template <class At>
Key by_host(std::string path, At at) {
    Key key;
    key.path = std::move(path);
    key.expected = "a mapping of { alias } by host name";
    key.shape = Key::Shape::map;
    key.read = [at](Settings& settings, const std::vector<std::string>& values) {
        at(settings)->emplace_back().name = values.front();
        return check_host_pattern(values.front());
    };
    return key;
}

}  // namespace hsmfront::config

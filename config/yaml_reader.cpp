// YamlReader: walks the tree along the key table.
#include "config/yaml_reader.hpp"

#include "config/environment.hpp"
#include "config/keys.hpp"
#include "config/overrides.hpp"
#include "config/spelling.hpp"
#include "config/validator.hpp"
#include "config/yaml_tree.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

namespace hsmfront::config {
namespace {

constexpr std::string_view pin_section = "hsm.pin";

std::string join(std::string_view section, std::string_view name) {
    return section.empty() ? std::string{name} : std::string{section} + '.' + std::string{name};
}

/// A section as the key table writes it and as the user sees it: "ftp.listen[]", "ftp.listen[0]".
struct Path {
    std::string pattern;
    std::string shown;

    [[nodiscard]] Path below(const std::string& name) const {
        return {join(pattern, lower_case(name)), join(shown, lower_case(name))};
    }
};

class Reader {
  public:
    explicit Reader(LoadResult& result) : result_(result) {}

    void read(const YamlNode& root) {
        if (root.kind == YamlNode::Kind::null) {
            return;
        }
        if (root.kind != YamlNode::Kind::mapping) {
            fail(root.at, "", "expected a mapping of keys at the top, found " + kind_of(root));
            return;
        }
        section(root, {});
    }

    void check_duplicates(const YamlNode& node, const std::string& path) {
        std::map<std::string, int> seen;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const YamlNode& child = node.children[i];
            if (node.kind == YamlNode::Kind::sequence) {
                check_duplicates(child, path + '[' + std::to_string(i) + ']');
                continue;
            }
            const auto [first, is_new] = seen.try_emplace(lower_case(child.key), child.at.line);
            if (!is_new) {
                const std::string line = std::to_string(first->second);
                fail(child.at, name_of(child, path), "given twice, first in line " + line);
            }
            check_duplicates(child, join(path, lower_case(child.key)));
        }
    }

    /// True when a problem of `key`, of a section around it or of its misspelt form is known.
    [[nodiscard]] bool is_reported(std::string_view key) const {
        while (!key.empty()) {
            if (reported_.contains(std::string{key})) {
                return true;
            }
            const auto cut = key.find_last_of(".[");
            key = key.substr(0, cut == std::string_view::npos ? 0 : cut);
        }
        return false;
    }

  private:
    void fail(const Position& at, const std::string& key, std::string message) {
        reported_.insert(key);
        result_.problems.push_back(error_at(at, key, std::move(message)));
    }

    /// Nodes outside of scalars that may be secret are named by their kind only.
    static std::string kind_of(const YamlNode& node) {
        return node.kind == YamlNode::Kind::scalar ? "a single value" : describe(node);
    }

    /// The full path of a key as written, but not where a PIN may have been taken for a key.
    static std::string name_of(const YamlNode& child, const std::string& path) {
        const bool may_be_pin = path.starts_with(pin_section) &&
                                find_key(join(path, lower_case(child.key))) == nullptr &&
                                nearest(child.key, names_in(path)).empty();
        return may_be_pin ? path : join(path, child.key.substr(0, 100));
    }

    void section(const YamlNode& node, const Path& path) {
        for (const YamlNode& child : node.children) {
            const Path at = path.below(child.key);
            result_.positions.add(at.shown, child.at);
            entry(child, path, at);
        }
    }

    void entry(const YamlNode& child, const Path& section_path, const Path& at) {
        if (child.key.find('.') != std::string::npos) {
            unknown(child, section_path);
            return;
        }
        if (const LaterKey* const later = find_later_key(at.pattern)) {
            later_key(child, *later, at);
            return;
        }
        if (const Key* const key = find_key(at.pattern)) {
            switch (key->shape) {
                case Key::Shape::list:
                    list(child, *key, at);
                    break;
                case Key::Shape::map:
                    map(child, *key, at);
                    break;
                default:
                    value(child, *key, at);
            }
        } else if (!is_section(at.pattern)) {
            unknown(child, section_path);
        } else if (child.kind == YamlNode::Kind::mapping) {
            section(child, at);
        } else if (const std::string* const only = short_form(at.pattern);
                   only != nullptr && child.kind == YamlNode::Kind::scalar) {
            value(child, *find_key(*only), at);
        } else if (child.kind != YamlNode::Kind::null) {
            std::string hint;
            if (at.pattern == pin_section && child.kind == YamlNode::Kind::scalar) {
                hint = "; write pin: { value: … } or better pin: { file: … }";
            }
            fail(child.at, at.shown, "expected a mapping, found " + kind_of(child) + hint);
        }
    }

    void later_key(const YamlNode& child, const LaterKey& later, const Path& at) {
        if (child.kind == YamlNode::Kind::scalar || !child.children.empty()) {
            fail(child.at, at.shown, later.message);
        }
    }

    void value(const YamlNode& node, const Key& key, const Path& at) {
        std::vector<std::string> values;
        const bool listed =
            key.shape == Key::Shape::scalars && node.kind == YamlNode::Kind::sequence;
        const YamlNode* const begin = listed ? node.children.data() : &node;
        const std::size_t count = listed ? node.children.size() : 1;
        for (const YamlNode& item : std::span{begin, count}) {
            auto text = scalar(item, key, at);
            if (!text) {
                return;
            }
            values.push_back(std::move(*text));
        }
        if (std::string error = key.read(result_.settings, values); !error.empty()) {
            fail(node.at, at.shown, std::move(error));
        }
    }

    std::optional<std::string> scalar(const YamlNode& node, const Key& key, const Path& at) {
        if (node.kind != YamlNode::Kind::scalar) {
            const std::string hint =
                node.kind == YamlNode::Kind::null ? "; leave the key out for its default" : "";
            fail(
                node.at, at.shown, "expected " + key.expected + ", found " + describe(node) + hint
            );
            return std::nullopt;
        }
        Expanded expanded = expand_environment(node.text, key.secret);
        if (expanded.error.empty() && has_control(expanded.text)) {
            expanded.error = "must not contain control characters";
        }
        if (!expanded.error.empty()) {
            fail(node.at, at.shown, std::move(expanded.error));
            return std::nullopt;
        }
        return std::move(expanded.text);
    }

    static bool has_control(const std::string& text) {
        return std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        });
    }

    void list(const YamlNode& node, const Key& key, const Path& at) {
        if (node.kind != YamlNode::Kind::sequence) {
            fail(node.at, at.shown, "expected " + key.expected + ", found " + describe(node));
            return;
        }
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const YamlNode& item = node.children[i];
            const Path item_path{at.pattern + "[]", at.shown + '[' + std::to_string(i) + ']'};
            result_.positions.add(item_path.shown, item.at);
            key.read(result_.settings, {});
            if (item.kind == YamlNode::Kind::mapping) {
                section(item, item_path);
            } else {
                const std::string one = key.expected.substr(key.expected.find('{'));
                fail(item.at, item_path.shown, "expected " + one + ", found " + describe(item));
            }
        }
    }

    void map(const YamlNode& node, const Key& key, const Path& at) {
        if (node.kind != YamlNode::Kind::mapping) {
            fail(node.at, at.shown, "expected " + key.expected + ", found " + describe(node));
            return;
        }
        for (const YamlNode& item : node.children) {
            const std::string name = lower_case(item.key);
            const Path item_path{at.pattern + "[]", at.shown + '[' + name + ']'};
            result_.positions.add(item_path.shown, item.at);
            if (std::string error = key.read(result_.settings, {name}); !error.empty()) {
                fail(item.at, item_path.shown, std::move(error));
            } else if (item.kind == YamlNode::Kind::mapping) {
                section(item, item_path);
            } else {
                fail(item.at, item_path.shown, "expected a mapping, found " + kind_of(item));
            }
        }
    }

    void unknown(const YamlNode& child, const Path& path) {
        std::string message = "unknown key";
        const std::vector<std::string> siblings = names_in(path.pattern);
        const std::string lower = lower_case(child.key);
        if (child.key == "<<") {
            message = "merge keys are not supported";
        } else if (find_key(join(path.pattern, lower)) != nullptr) {
            message = "dotted names are for --set; in the file each part is a section of its own";
        } else if (const std::string near = nearest(child.key, siblings); !near.empty()) {
            message += "; did you mean \"" + near + "\"?";
            reported_.insert(join(path.shown, near));
        } else if (const std::string other = elsewhere(lower); !other.empty()) {
            message += "; did you mean " + other + "?";
        } else if (!siblings.empty()) {
            message += "; known here: " + listed(siblings);
        }
        fail(child.at, name_of(child, path.shown), std::move(message));
    }

    /// The one known key elsewhere whose last name is `name`.
    static std::string elsewhere(const std::string& name) {
        std::string found;
        for (const Key& key : keys()) {
            if (key.path.ends_with('.' + name) && key.path.find('[') == std::string::npos) {
                found += (found.empty() ? "" : " or ") + key.path;
            }
        }
        return found;
    }

    static std::string listed(const std::vector<std::string>& names) {
        std::string out;
        for (const std::string& name : names) {
            out += (out.empty() ? "" : ", ") + name;
        }
        return out;
    }

    LoadResult& result_;
    std::set<std::string> reported_;
};

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

/// The file's bytes or the errno of the failure. Stops soon after max_yaml_bytes.
boost::system::result<std::string, int> read_bytes(const std::filesystem::path& file) {
    errno = 0;
    const std::unique_ptr<std::FILE, FileCloser> in{std::fopen(file.c_str(), "rbe")};
    if (!in) {
        return errno;
    }
    // The text may hold a PIN: no copies where nobody wipes them.
    (void)std::setvbuf(in.get(), nullptr, _IONBF, 0);
    std::string bytes;
    std::array<char, 16384> block{};
    while (bytes.size() <= max_yaml_bytes) {
        const std::size_t count = std::fread(block.data(), 1, block.size(), in.get());
        bytes.append(block.data(), count);
        if (count < block.size()) {
            break;
        }
    }
    ::explicit_bzero(block.data(), block.size());
    if (std::ferror(in.get()) != 0) {
        return errno;
    }
    return bytes;
}

void resolve(std::filesystem::path& path, const std::filesystem::path& folder) {
    if (!path.empty()) {
        path = (folder / path).lexically_normal();
    }
}

void resolve(TlsPolicy::ClientCertificates& certificates, const std::filesystem::path& folder) {
    if (certificates.ca) {
        resolve(*certificates.ca, folder);
    }
    if (certificates.crl) {
        for (auto& crl : *certificates.crl) {
            resolve(crl, folder);
        }
    }
}

/// The paths in every layer of the TLS policy.
void resolve_layers(Settings& settings, const std::filesystem::path& folder) {
    for (TlsPolicy* layer : {&settings.tls.policy, &settings.ftp.tls, &settings.http.tls}) {
        resolve(layer->client_certificate, folder);
    }
    for (auto* hosts : {&settings.ftp.hosts, &settings.http.hosts}) {
        for (Host& host : *hosts) {
            resolve(host.tls.client_certificate, folder);
        }
    }
    for (auto& listener : settings.ftp.listen) {
        resolve(listener.client_certificate, folder);
    }
    for (auto& listener : settings.http.listen) {
        resolve(listener.client_certificate, folder);
    }
}

void resolve_paths(Settings& settings, const std::filesystem::path& file) {
    std::error_code ignored;  // without a current folder, paths stay relative
    const auto folder = std::filesystem::absolute(file, ignored).parent_path();
    resolve(settings.certificates, folder);
    for (auto& keys : settings.tls.tickets.keys) {
        resolve(keys, folder);
    }
    resolve_layers(settings, folder);
    for (auto* log : {&settings.log.file, &settings.log.access.file}) {
        if (*log != "-" && *log != to_syslog) {
            resolve(*log, folder);
        }
    }
    resolve(settings.admin.socket, folder);
    resolve(settings.admin.listen.path, folder);
    for (auto* list : {&settings.sandbox.read, &settings.sandbox.write}) {
        for (auto& path : *list) {
            resolve(path, folder);
        }
    }
    if (settings.hsm.pin.file) {
        resolve(*settings.hsm.pin.file, folder);
    }
    for (HsmToken& other : settings.hsm.failover) {
        if (other.pin.file) {
            resolve(*other.pin.file, folder);
        }
    }
}

/// How backends are balanced, where hosts and routes do not say it themselves.
void inherit_balance(Http& http, const Positions& given) {
    for (Host& host : http.hosts) {
        if (!given.contains("http.hosts[" + host.name + "].balance")) {
            host.backends.balance = http.backends.balance;
        }
    }
    for (std::size_t i = 0; i < http.routes.size(); ++i) {
        if (!given.contains("http.routes[" + std::to_string(i) + "].balance")) {
            http.routes[i].backends.balance = http.backends.balance;
        }
    }
}

void sort_by_place(std::vector<Problem>& problems, const std::string& file) {
    std::stable_sort(problems.begin(), problems.end(), [&file](const Problem& a, const Problem& b) {
        return std::tuple{a.file != file, a.line, a.column} <
               std::tuple{b.file != file, b.line, b.column};
    });
}

}  // namespace

LoadResult load(const std::filesystem::path& file, std::span<const std::string> overrides) {
    const auto bytes = read_bytes(file);
    if (!bytes) {
        LoadResult result;
        const std::string reason = std::strerror(bytes.error());
        result.problems.push_back(error_at({file.string(), 0, 0}, "", "cannot be read: " + reason));
        return result;
    }
    return load_text(*bytes, file, overrides);
}

LoadResult load_text(
    std::string_view text, const std::filesystem::path& file, std::span<const std::string> overrides
) {
    LoadResult result;
    result.positions = Positions{file.string()};
    auto tree = parse_yaml(text, file.string());
    if (!tree) {
        result.problems.push_back(tree.error());
        return result;
    }
    Reader reader{result};
    reader.check_duplicates(*tree, "");
    adopt_synonyms(*tree, result.problems);
    apply_overrides(*tree, overrides, result.problems);
    reader.read(*tree);
    inherit_balance(result.settings.http, result.positions);
    for (Problem& problem : validate(result.settings, result.positions)) {
        if (!reader.is_reported(problem.key)) {
            result.problems.push_back(std::move(problem));
        }
    }
    resolve_paths(result.settings, file);
    sort_by_place(result.problems, file.string());
    return result;
}

}  // namespace hsmfront::config

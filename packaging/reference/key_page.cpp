// Parts of hsmfront.yaml(5).
#include "config/keys.hpp"
#include "packaging/reference/parts.hpp"
#include "packaging/reference/text.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace hsmfront::reference {
namespace {

using config::Key;

std::string chapter_of(const std::string& path) {
    const auto dot = path.find('.');
    return dot == std::string::npos ? "" : path.substr(0, dot);
}

/// The chapters in the order of the table; keys that are in no section come first.
std::vector<std::string> chapters() {
    std::vector<std::string> found{""};
    for (const Key& key : config::keys()) {
        const std::string chapter = chapter_of(key.path);
        if (std::find(found.begin(), found.end(), chapter) == found.end()) {
            found.push_back(chapter);
        }
    }
    return found;
}

/// "ftp.tls" for a key of a layer of the TLS policy, whose keys are explained once, at "tls".
std::string layer_of(const std::string& path) {
    for (const std::string_view layer : {".tls.", ".listen[].client_certificate."}) {
        if (const auto at = path.find(layer); at != std::string::npos) {
            return path.substr(0, at + layer.size() - 1);
        }
    }
    return "";
}

std::string entry(
    const std::string& path, const std::vector<std::string>& facts, const std::string& meaning
) {
    const std::string known = facts.empty() ? "" : " (" + roff(joined(facts, "; ")) + ")";
    return ".TP\n" + bold(path) + known + "\n" + roff(meaning) + "\n";
}

std::string key_entry(const Key& key, const Schema& schema) {
    std::string expected = key.expected;
    const std::string range = schema.range(key.path);
    if (!range.empty()) {
        expected += ", " + range;
    }
    std::vector<std::string> facts{expected};
    if (const std::string value = schema.default_value(key.path); !value.empty()) {
        facts.push_back("default: " + value);
    }
    return entry(key.path, facts, schema.description(key.path));
}

/// A layer as one entry that names its keys.
std::string layer_entry(const std::string& layer, const Schema& schema) {
    std::vector<std::string> names;
    for (const Key& key : config::keys()) {
        if (key.path.starts_with(layer + ".")) {
            names.push_back(bold(key.path.substr(layer.size() + 1)));
        }
    }
    const std::string meant = layer.ends_with(".tls") ? "tls" : "tls.client_certificate";
    return entry(layer, {}, schema.description(layer)) + "Its keys are explained at " +
           bold(meant) + ": " + joined(names, ", ") + ".\n";
}

/// Writes the entries of one chapter; sections that the schema describes come before their keys.
class Chapter {
  public:
    explicit Chapter(const Schema& schema) : schema_(schema) {}

    void add(const Key& key) {
        if (const std::string layer = layer_of(key.path); !layer.empty()) {
            if (told_.insert(layer).second) {
                text_ += layer_entry(layer, schema_);
            }
            return;
        }
        for (auto dot = key.path.find('.'); dot != std::string::npos;
             dot = key.path.find('.', dot + 1)) {
            add_section(key.path.substr(0, dot));
        }
        text_ += key_entry(key, schema_);
    }

    void add(const config::LaterKey& key) {
        text_ += entry(key.path, {}, schema_.description(key.path));
    }

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    void add_section(const std::string& path) {
        const std::string meaning = path.ends_with("[]") ? "" : schema_.description(path);
        if (!meaning.empty() && told_.insert(path).second) {
            text_ += entry(path, {}, meaning);
        }
    }

    const Schema& schema_;
    std::set<std::string> told_;
    std::string text_;
};

}  // namespace

std::string key_sections(const Schema& schema) {
    std::string text;
    for (const std::string& name : chapters()) {
        Chapter chapter(schema);
        for (const Key& key : config::keys()) {
            if (chapter_of(key.path) == name) {
                chapter.add(key);
            }
        }
        for (const config::LaterKey& key : config::later_keys()) {
            if (chapter_of(key.path) == name) {
                chapter.add(key);
            }
        }
        text += ".SS " + (name.empty() ? "Outside any section" : roff(name)) + "\n";
        text += chapter.text();
    }
    return text;
}

std::string key_synonyms() {
    std::string text;
    for (const config::Synonym& synonym : config::synonyms()) {
        text += ".TP\n" + bold(synonym.path) + "\n" + bold(synonym.key) + "\n";
    }
    return text;
}

}  // namespace hsmfront::reference

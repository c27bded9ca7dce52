// YamlTree: yaml-cpp's events turned into nodes.
#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <sstream>

namespace hsmfront::config {
namespace {

class Refused : public std::exception {
  public:
    explicit Refused(Problem reason) : reason_(std::move(reason)) {}
    [[nodiscard]] const Problem& reason() const { return reason_; }
    [[nodiscard]] const char* what() const noexcept override { return reason_.message.c_str(); }

  private:
    Problem reason_;
};

Position place(const YAML::Mark& mark, const std::string& file) {
    return mark.is_null() ? Position{file, 0, 0} : Position{file, mark.line + 1, mark.column + 1};
}

std::size_t weight(const YamlNode& node) {
    std::size_t total = 1;
    for (const YamlNode& child : node.children) {
        total += weight(child);
    }
    return total;
}

/// Collects one document. Throws Refused out of the parser at the first thing not supported.
class TreeBuilder final : public YAML::EventHandler {
  public:
    explicit TreeBuilder(std::string file) : file_(std::move(file)) {}

    YamlNode take_root() { return root_ ? std::move(*root_) : YamlNode{}; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (root_) {
            refuse(mark, "only one YAML document is expected");
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        complete(node_at(YamlNode::Kind::null, mark), anchor, mark);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            refuse(mark, "an alias may not stand inside what it names");
        }
        count(weight(found->second), mark);
        YamlNode copy = found->second;
        copy.at = place(mark, file_);
        complete(std::move(copy), 0, mark);
    }

    void OnScalar(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        const std::string& value
    ) override {
        check_tag(mark, tag);
        YamlNode node = node_at(YamlNode::Kind::scalar, mark);
        node.text = value;
        complete(std::move(node), anchor, mark);
    }

    void OnSequenceStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value /*style*/
    ) override {
        open(YamlNode::Kind::sequence, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value /*style*/
    ) override {
        open(YamlNode::Kind::mapping, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YamlNode node;
        YAML::anchor_t anchor;
        YAML::Mark mark;
        std::optional<YamlNode> key;  ///< read, its value still to come
    };

    [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& message) const {
        throw Refused(error_at(place(mark, file_), "", message));
    }

    void check_tag(const YAML::Mark& mark, const std::string& tag) const {
        if (!tag.empty() && tag != "?" && tag != "!") {
            refuse(mark, "YAML tags are not supported");
        }
    }

    void count(std::size_t nodes, const YAML::Mark& mark) {
        nodes_ += nodes;
        if (nodes_ > max_yaml_nodes) {
            refuse(mark, "more than " + std::to_string(max_yaml_nodes) + " values");
        }
    }

    YamlNode node_at(YamlNode::Kind kind, const YAML::Mark& mark) {
        count(1, mark);
        YamlNode node;
        node.kind = kind;
        node.at = place(mark, file_);
        return node;
    }

    void open(
        YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor
    ) {
        check_tag(mark, tag);
        if (open_.size() == max_yaml_depth) {
            refuse(mark, "nested deeper than " + std::to_string(max_yaml_depth) + " levels");
        }
        open_.push_back({node_at(kind, mark), anchor, mark, std::nullopt});
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        complete(std::move(done.node), done.anchor, done.mark);
    }

    void complete(YamlNode node, YAML::anchor_t anchor, const YAML::Mark& mark) {
        if (anchor != 0) {
            anchors_[anchor] = node;
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == YamlNode::Kind::mapping && !parent.key) {
            if (node.kind != YamlNode::Kind::scalar) {
                refuse(mark, "a key must be plain text");
            }
            parent.key = std::move(node);
            return;
        }
        if (parent.key) {
            node.key = std::move(parent.key->text);
            node.at = std::move(parent.key->at);
            parent.key.reset();
        }
        parent.node.children.push_back(std::move(node));
    }

    std::string file_;
    std::optional<YamlNode> root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, YamlNode> anchors_;
    std::size_t nodes_ = 0;
};

/// YAML §5.1 allows no other control characters. yaml-cpp takes 0x04 for the end of the file
/// and would silently drop what follows.
std::optional<Problem> unreadable_text(std::string_view text, const std::string& file) {
    Position at{file, 1, 1};
    if (text.size() > max_yaml_bytes) {
        return error_at({file, 0, 0}, "", "larger than 1 MiB; is this the configuration?");
    }
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
            return error_at(at, "", "control character; the file must be UTF-8 text");
        }
        at.column = c == '\n' ? 1 : at.column + 1;
        at.line += c == '\n' ? 1 : 0;
    }
    return std::nullopt;
}

}  // namespace

boost::system::result<YamlNode, Problem> parse_yaml(
    std::string_view text, const std::string& file
) {
    if (auto problem = unreadable_text(text, file)) {
        return std::move(*problem);
    }
    TreeBuilder builder{file};
    // Blank lines at the end would hide an unterminated quote from yaml-cpp 0.7, and with it
    // every key behind that quote.
    const auto end = text.find_last_not_of(" \t\r\n");
    try {
        std::istringstream in{std::string{text.substr(0, end + 1)}};
        YAML::Parser parser{in};
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& refused) {
        return refused.reason();
    } catch (const YAML::Exception& failure) {
        return error_at(place(failure.mark, file), "", "not valid YAML: " + failure.msg);
    }
    return builder.take_root();
}

std::string lower_case(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

YamlNode* find_child(YamlNode& node, std::string_view key) {
    const std::string wanted = lower_case(key);
    const auto found =
        std::find_if(node.children.begin(), node.children.end(), [&wanted](const YamlNode& child) {
            return lower_case(child.key) == wanted;
        });
    return found == node.children.end() ? nullptr : &*found;
}

std::string describe(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null:
            return "nothing";
        case YamlNode::Kind::sequence:
            return "a list";
        case YamlNode::Kind::mapping:
            return "a mapping";
        case YamlNode::Kind::scalar:
            break;
    }
    return in_quotes(node.text);
}

}  // namespace hsmfront::config

#include "packaging/reference/text.hpp"

#include <algorithm>

namespace hsmfront::reference {

std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool at_start = out.empty() || out.back() == '\n';
        switch (c) {
            case '\\':
                out += "\\e";
                break;
            case '-':
                out += "\\-";
                break;
            case '\'':
                out += "\\(aq";
                break;
            case '`':
                out += "\\(ga";
                break;
            case '^':
                out += "\\(ha";
                break;
            case '~':
                out += "\\(ti";
                break;
            default:
                out += at_start && c == '.' ? "\\&" : "";
                out += c;
        }
    }
    return out;
}

std::string roff_paragraphs(std::string_view text) {
    std::string out;
    for (const std::string_view line : lines_of(text)) {
        out += (line.empty() ? ".PP" : roff(line)) + "\n";
    }
    return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }

std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string out;
    for (const std::string& word : words) {
        out += out.empty() ? "" : between;
        out += word;
    }
    return out;
}

}  // namespace hsmfront::reference

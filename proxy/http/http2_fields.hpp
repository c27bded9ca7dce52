// Http2Fields: a field section as nghttp2 takes it.
#pragma once

#include "proxy/http/field_output.hpp"

#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::http {

class Http2Fields final : public FieldOutput {
  public:
    /// Names become lower case (RFC 9113 §8.2.1).
    void add(std::string_view name, std::string_view value) override;
    void add_status(unsigned status);
    [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
    /// Bytes of names and values.
    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
    /// Views into this; nghttp2 copies them when they are submitted.
    [[nodiscard]] std::vector<nghttp2_nv> lines();

  private:
    struct Line {
        std::size_t name;
        std::size_t value;
    };
    std::string text_;
    std::vector<Line> lines_;
};

}  // namespace hsmfront::http

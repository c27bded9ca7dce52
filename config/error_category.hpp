// ErrorCategory: an error category from a name and a table of texts.
#pragma once

#include "config/result.hpp"

#include <span>
#include <string>

namespace hsmfront {

// Boost's base has a protected, non-virtual destructor on purpose (constexpr constructible).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

/// `texts[value - 1]` describes error `value`: enumerators count from 1 without gaps.
class ErrorCategory final : public boost::system::error_category {
  public:
    constexpr ErrorCategory(const char* name, std::span<const char* const> texts)
        : name_(name), texts_(texts) {}

    [[nodiscard]] const char* name() const noexcept override { return name_; }

    [[nodiscard]] std::string message(int value) const override {
        const auto index = static_cast<std::size_t>(value) - 1;
        return index < texts_.size() ? texts_[index] : "unknown error " + std::to_string(value);
    }

  private:
    const char* name_;
    std::span<const char* const> texts_;
};

#pragma GCC diagnostic pop

}  // namespace hsmfront

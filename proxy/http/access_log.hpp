// AccessLog: where a line for each request goes.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/access_record.hpp"

#include <spdlog/logger.h>

#include <atomic>
#include <memory>

namespace hsmfront::http {

/// Thread-safe: one for all workers.
class AccessLog {
  public:
    /// `lines` gets whole lines without their end and writes them off the workers.
    AccessLog(std::shared_ptr<spdlog::logger> lines, config::LogFormat format)
        : lines_(std::move(lines)), format_(format) {}

    /// From the next line on, of connections that are there too.
    void set(bool enabled, config::LogFormat format) {
        enabled_ = enabled;
        format_ = format;
    }
    void write(const AccessRecord& record) const;

  private:
    std::shared_ptr<spdlog::logger> lines_;
    std::atomic<bool> enabled_ = true;
    std::atomic<config::LogFormat> format_;
};

}  // namespace hsmfront::http

// StapleKeeper: how the staple of one certificate is obtained and kept, without sockets: what is in
// force, when the responder is asked next, what is said of it.
#pragma once

#include "certs/file_stamp.hpp"
#include "certs/ocsp_exchange.hpp"
#include "proxy/tls/staple.hpp"

#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace hsmfront::runtime {

/// Whoever serves with slot() shares it; a keeper whose slot nobody else has is of no use any more.
/// One thread at a time, but for slot().
class StapleKeeper {
  public:
    struct Source {
        std::filesystem::path file;  ///< need not be there
        bool fetch = false;          ///< while no file is in force the responder is asked
        std::string responder;       ///< its URL; empty: the certificate's (AIA)

        friend bool operator==(const Source&, const Source&) = default;
    };

    /// What is needed of `chain` is copied.
    StapleKeeper(const std::string& alias, const certs::Chain& chain, Source source);

    [[nodiscard]] const std::shared_ptr<tls::StapleSlot>& slot() const noexcept { return slot_; }
    [[nodiscard]] bool in_use() const noexcept { return slot_.use_count() > 1; }
    /// Whether a keeper with these arguments would do the same.
    [[nodiscard]] bool keeps(
        const std::string& alias, const certs::Chain& chain, const Source& source
    ) const;

    /// Reads the file if it changed since the last look, and sees whether a response has ended.
    void look(std::time_t now);
    /// True when the responder is to be asked now.
    [[nodiscard]] bool fetch_due(std::time_t now) const;
    /// Whom to ask, while fetch_due().
    [[nodiscard]] const certs::ResponderUrl& responder() const { return *responder_; }
    [[nodiscard]] certs::OcspRequestPtr request() const;
    /// What the responder answered, not verified, or why it did not.
    void answered(const certs::Loaded<std::vector<unsigned char>>& answer, std::time_t now);

  private:
    [[nodiscard]] std::string what_is_missing() const;
    void look_at_file(std::time_t now);
    [[nodiscard]] certs::OcspVerdict judge(
        const certs::Loaded<std::vector<unsigned char>>& der, std::time_t now
    ) const;
    [[nodiscard]] bool take(
        const certs::Loaded<std::vector<unsigned char>>& der,
        const std::string& source,
        std::time_t now
    );
    void report(const std::string& problem, bool grave, std::time_t now);
    void plan_refresh(const certs::OcspResponse& response, std::time_t now);
    void plan_retry(std::time_t now);
    [[nodiscard]] std::time_t shortened(std::time_t wait);
    [[nodiscard]] std::string consequence(std::time_t now) const;

    const std::shared_ptr<tls::StapleSlot> slot_;
    const Source source_;
    const certs::X509Ptr leaf_;
    const certs::X509Ptr issuer_;  ///< null: not in the chain, so that nothing can be verified
    std::optional<certs::ResponderUrl> responder_;
    std::string no_fetch_;   ///< why none can be fetched; empty: it can, or is not wanted
    certs::FileStamp seen_;  ///< of the file when it was read
    bool file_in_force_ = false;
    bool served_ = false;  ///< a response was in force at the last look
    std::string from_;     ///< where it came from
    std::string problem_;  ///< the last one that was logged
    std::time_t next_fetch_ = 0;
    std::time_t pause_ = 0;  ///< the last one between two attempts; 0: the last one succeeded
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace hsmfront::runtime

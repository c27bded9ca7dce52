// TicketKeys: the ring in use, and how it changes while the process runs.
#pragma once

#include "proxy/tls/ticket_files.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace hsmfront::tls {

/// Shared by all contexts of the process, over reloads too: what one of them has issued, all of
/// them take.
///
/// Random keys encrypt for half a lifetime of tickets and decrypt for a whole one more, so that
/// each ticket lives as long as it was said to, and a key that is stolen tells of no more than one
/// and a half. Keys from files are used as long as the files say.
class TicketKeys {
  public:
    /// What sessions expire by in OpenSSL.
    using Clock = std::chrono::system_clock;
    using Time = Clock::time_point;

    /// Where keys come from, proven to work.
    struct Source {
        std::chrono::milliseconds lifetime;
        std::optional<TicketFiles> files;  ///< none: random
        TicketFiles::Stamp stamp;
        TicketRingPtr ring;  ///< of the files; null without
    };

    /// A random key that decrypts only.
    struct Retired {
        TicketKeyPtr key;
        Time until;
    };

    /// Starts with a random key.
    TicketKeys(std::chrono::milliseconds lifetime, Time now);

    /// The ring in use. Any thread; cheap.
    [[nodiscard]] TicketRingPtr ring() const;

    /// Reads `paths`, if there are any. Blocks. Errors as those of TicketFiles::read().
    [[nodiscard]] static certs::Loaded<Source> open(
        const std::vector<std::filesystem::path>& paths, std::chrono::milliseconds lifetime
    );

    // What follows is for one thread.

    /// From now on keys come from `source`. Random ones of before stay for the tickets they have
    /// made.
    void use(Source source, Time now);
    /// Rotates, or reads files that have changed; keys that are not good change nothing, and are
    /// logged once. To be called every few seconds: keys live longer by what it comes late, never
    /// shorter. May block for files.
    void refresh(Time now);

    /// The random ones, for a process that takes this one's place: to it they are retired.
    [[nodiscard]] std::vector<Retired> random_keys(Time now) const;
    /// Those of a process whose place this one takes.
    void adopt(std::vector<Retired> keys);

  private:
    void rotate(Time now);
    void notice_clock(Time now);
    void read_again();
    void publish();

    Source source_;
    TicketKeyPtr random_;           ///< encrypts unless there are files; null while there are
    Time since_;                    ///< when it began to
    Time seen_;                     ///< at the last call
    std::vector<Retired> retired_;  ///< the newest first

    mutable std::mutex mutex_;
    TicketRingPtr ring_;
};

}  // namespace hsmfront::tls

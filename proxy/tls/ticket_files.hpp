// TicketFiles: ticket keys that several nodes share, in files.
#pragma once

#include "certs/chain.hpp"
#include "certs/file_stamp.hpp"
#include "proxy/tls/ticket_ring.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::tls {

/// Files in the order given, the newest first, or one folder of them. A file is what nginx's
/// ssl_session_ticket_key names, 80 bytes ("openssl rand 80"), or what HAProxy's tls-ticket-keys
/// does: such keys in base64, one a line.
///
/// The first file's key encrypts. Of several lines the last but one does, as in HAProxy: a key that
/// is appended on all nodes, one after the other, is known to all of them before the next one is
/// appended and makes them use it.
///
/// In a folder files are the newer the later they were modified, in whole seconds (copying in one
/// go is no order), and of one second the newer the higher their names sort. Names that begin with
/// a dot do not count, nor does what is no file.
class TicketFiles {
  public:
    /// What tells one state of the files from another without reading them.
    class Stamp {
      public:
        friend bool operator==(const Stamp&, const Stamp&) = default;

      private:
        friend class TicketFiles;
        std::vector<std::pair<std::filesystem::path, certs::FileStamp>> files_;
    };

    /// `paths` is not empty.
    explicit TicketFiles(std::vector<std::filesystem::path> paths) : paths_(std::move(paths)) {}

    /// Follows symbolic links, so that it sees each of a chain being turned elsewhere.
    [[nodiscard]] Stamp stamp() const;
    /// Reads all keys. Errors name the file and what to do; files that everyone can read are used
    /// and warned of. Blocks.
    [[nodiscard]] certs::Loaded<TicketRing> read() const;

    friend bool operator==(const TicketFiles&, const TicketFiles&) = default;

  private:
    [[nodiscard]] certs::Loaded<std::vector<std::filesystem::path>> list() const;

    std::vector<std::filesystem::path> paths_;
};

}  // namespace hsmfront::tls

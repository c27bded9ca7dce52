#include "proxy/tls/ticket_files.hpp"

#include "certs/errc.hpp"
#include "proxy/log/component.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace hsmfront::tls {
namespace {

using certs::Errc;
using certs::Failure;
using certs::Loaded;
using Path = std::filesystem::path;

constexpr std::size_t largest_file = 16U << 10U;
constexpr std::size_t most_keys = 100;
/// Of keys for AES-128, which nginx and HAProxy take too.
constexpr std::size_t short_key = 48;
constexpr const char* whitespace = " \t\r\n";

Failure malformed(std::string message) {
    return {make_error_code(Errc::file_malformed), std::move(message)};
}

Failure unreadable(const Path& file, int problem) {
    return {
        make_error_code(Errc::file_unreadable),
        "cannot read ticket keys from " + file.string() + ": " +
            std::generic_category().message(problem)};
}

std::string how_to_make(const Path& file) {
    return "a ticket key has " + std::to_string(TicketKey::size) +
           " bytes; make one with: openssl rand -out " + file.string() + " " +
           std::to_string(TicketKey::size);
}

/// A file's bytes, wiped at the end. Never grows, which would leave copies behind.
class WipedBytes {
  public:
    explicit WipedBytes(std::size_t capacity) : bytes_(capacity) {}
    ~WipedBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
    WipedBytes(const WipedBytes&) = delete;
    WipedBytes& operator=(const WipedBytes&) = delete;
    WipedBytes(WipedBytes&&) = default;
    WipedBytes& operator=(WipedBytes&&) = delete;

    [[nodiscard]] std::span<unsigned char> room() { return std::span(bytes_).subspan(size_); }
    void took(std::size_t more) { size_ += more; }
    [[nodiscard]] std::span<const unsigned char> bytes() const {
        return std::span(bytes_).first(size_);
    }
    [[nodiscard]] std::string_view text() const {
        return {reinterpret_cast<const char*>(bytes_.data()), size_};
    }

  private:
    std::vector<unsigned char> bytes_;
    std::size_t size_ = 0;
};

/// Closes at the end.
struct File {
    int fd;
    explicit File(const Path& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (fd >= 0) {
            ::close(fd);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
};

Loaded<WipedBytes> read_bytes(const Path& path) {
    const File file(path);
    struct stat info {};
    if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
        return unreadable(path, errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return malformed(path.string() + " is no file; " + how_to_make(path));
    }
    if ((info.st_mode & S_IROTH) != 0) {
        log::tls.warn(
            "tls.tickets.keys: every user can read {}, and with it what clients and this proxy "
            "say; chmod 600 it",
            path.string()
        );
    }
    WipedBytes bytes(largest_file);
    while (!bytes.room().empty()) {
        const auto room = bytes.room();
        const ssize_t got = ::read(file.fd, room.data(), room.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return unreadable(path, errno);
        }
        if (got == 0) {
            break;
        }
        bytes.took(static_cast<std::size_t>(got));
    }
    return bytes;
}

/// Adds the key that `bytes` are to `keys`.
Loaded<void> take(
    std::vector<TicketKeyPtr>& keys, std::span<const unsigned char> bytes, const std::string& where
) {
    if (bytes.size() == short_key) {
        return malformed(
            where +
            ": 48 bytes, a key for AES-128; tickets here are encrypted with AES-256, whose "
            "keys have 80 (openssl rand 80), in nginx and HAProxy too"
        );
    }
    if (bytes.size() != TicketKey::size) {
        return malformed(
            where + ": " + std::to_string(bytes.size()) +
            " bytes; a ticket key has 80 (openssl rand 80)"
        );
    }
    keys.push_back(std::make_shared<const TicketKey>(bytes.first<TicketKey::size>()));
    return {};
}

/// `line` without white space around it.
Loaded<void> take_line(
    std::vector<TicketKeyPtr>& keys, std::string_view line, const std::string& where
) {
    std::array<unsigned char, 3 * TicketKey::size> decoded{};
    const auto padding = line.size() - std::min(line.size(), line.find_last_not_of('=') + 1);
    const bool fits = line.size() % 4 == 0 && line.size() / 4 * 3 <= decoded.size() &&
                      padding <= 2 && line.substr(0, line.size() - padding).find('=') == line.npos;
    const int size = fits ? EVP_DecodeBlock(
                                decoded.data(),
                                reinterpret_cast<const unsigned char*>(line.data()),
                                static_cast<int>(line.size())
                            )
                          : -1;
    if (size < 0) {
        return malformed(
            where +
            ": not a ticket key in base64; make one with: openssl rand 80 | openssl "
            "base64 -A"
        );
    }
    auto taken =
        take(keys, std::span(decoded).first(static_cast<std::size_t>(size) - padding), where);
    OPENSSL_cleanse(decoded.data(), decoded.size());
    return taken;
}

bool is_base64_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view("+/= \t\r\n").find(c) != std::string_view::npos;
    });
}

Loaded<std::vector<TicketKeyPtr>> read_lines(std::string_view text, const Path& file) {
    std::vector<TicketKeyPtr> keys;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line.remove_prefix(std::min(line.find_first_not_of(whitespace), line.size()));
        line = line.substr(0, line.find_last_not_of(whitespace) + 1);
        if (line.empty()) {
            continue;
        }
        auto taken = take_line(keys, line, file.string() + ":" + std::to_string(number));
        if (!taken) {
            return taken.error();
        }
    }
    return keys;
}

/// The keys of one file in its order.
Loaded<std::vector<TicketKeyPtr>> read_file(const Path& file) {
    const auto bytes = read_bytes(file);
    if (!bytes) {
        return bytes.error();
    }
    std::vector<TicketKeyPtr> keys;
    const std::size_t size = bytes->bytes().size();
    if (size == TicketKey::size || !is_base64_text(bytes->text())) {
        if (size == largest_file) {
            return malformed(file.string() + " is too large for ticket keys; " + how_to_make(file));
        }
        auto taken = take(keys, bytes->bytes(), file.string());
        if (!taken) {
            return taken.error();
        }
        return keys;
    }
    auto lines = read_lines(bytes->text(), file);
    if (lines && lines->empty()) {
        return malformed(file.string() + " is empty; " + how_to_make(file));
    }
    return lines;
}

/// One file of a folder.
struct Found {
    std::time_t modified;
    Path path;
};

/// The newest first.
bool newer(const Found& a, const Found& b) {
    return a.modified != b.modified ? a.modified > b.modified : a.path > b.path;
}

Loaded<std::vector<Path>> list_folder(const Path& folder) {
    std::vector<Found> found;
    std::error_code ec;
    for (std::filesystem::directory_iterator at(folder, ec), end; !ec && at != end;
         at.increment(ec)) {
        struct stat info {};
        const auto& path = at->path();
        // One that has gone meanwhile is not there.
        if (path.filename().native().front() != '.' && ::stat(path.c_str(), &info) == 0 &&
            S_ISREG(info.st_mode)) {
            found.push_back({info.st_mtim.tv_sec, path});
        }
    }
    if (ec) {
        return unreadable(folder, ec.value());
    }
    if (found.empty()) {
        return malformed(
            "no ticket keys in " + folder.string() + "; " + how_to_make(folder / "1.key")
        );
    }
    std::sort(found.begin(), found.end(), newer);
    std::vector<Path> paths;
    for (auto& one : found) {
        paths.push_back(std::move(one.path));
    }
    return paths;
}

/// A ring of all keys, each with the file it came from.
struct Collected {
    std::vector<TicketKeyPtr> keys;
    std::vector<Path> from;

    Loaded<void> add(TicketKeyPtr key, const Path& file) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (keys[i]->named(key->name())) {
                return malformed(
                    file.string() + " and " + from[i].string() +
                    " hold keys of the same name (the first 16 bytes); remove one"
                );
            }
        }
        if (keys.size() == most_keys) {
            return malformed(
                "more than " + std::to_string(most_keys) + " ticket keys, the last in " +
                file.string() + "; remove the oldest, whose tickets have expired"
            );
        }
        keys.push_back(std::move(key));
        from.push_back(file);
        return {};
    }
};

}  // namespace

Loaded<std::vector<Path>> TicketFiles::list() const {
    std::error_code ignored;
    if (paths_.size() == 1 && std::filesystem::is_directory(paths_.front(), ignored)) {
        return list_folder(paths_.front());
    }
    return paths_;
}

TicketFiles::Stamp TicketFiles::stamp() const {
    Stamp stamp;
    const auto files = list();
    for (const auto& file : files ? *files : paths_) {
        stamp.files_.emplace_back(file, certs::stamp_of(file));
    }
    return stamp;
}

Loaded<TicketRing> TicketFiles::read() const {
    const auto files = list();
    if (!files) {
        return files.error();
    }
    Collected all;
    std::size_t encrypting = 0;
    for (const auto& file : *files) {
        auto keys = read_file(file);
        if (!keys) {
            return keys.error();
        }
        if (all.keys.empty() && keys->size() > 1) {
            encrypting = keys->size() - 2;
        }
        for (auto& key : *keys) {
            auto added = all.add(std::move(key), file);
            if (!added) {
                return added.error();
            }
        }
    }
    return TicketRing(std::move(all.keys), encrypting);
}

}  // namespace hsmfront::tls

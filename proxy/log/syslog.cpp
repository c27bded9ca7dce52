#include "proxy/log/syslog.hpp"

#include "config/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <climits>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace hsmfront::log {
namespace {

constexpr std::size_t longest_line = 8192;
/// Of a daemon whose queue is full.
constexpr int daemon_patience_ms = 200;

std::tm local_time(std::chrono::system_clock::time_point now) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm time{};
    ::localtime_r(&seconds, &time);
    return time;
}

int priority(const Sender& sender, const Written& line) {
    return sender.facility * 8 + severity(line.level);
}

std::string_view cut(std::string_view text) { return text.substr(0, longest_line); }

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') {
        return "-";
    }
    return name.data();
}

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

Address unix_address(const std::filesystem::path& path) {
    Address address;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::string& text = path.native();
    // One that is too long is no socket's; connecting says so.
    std::memcpy(name.sun_path, text.data(), std::min(text.size(), sizeof name.sun_path - 1));
    std::memcpy(&address.storage, &name, sizeof name);
    address.size = sizeof name;
    return address;
}

Address udp_address(const config::Endpoint& endpoint) {
    Address address;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&address.storage, &v4, sizeof v4);
        address.size = sizeof v4;
    } else {
        ::inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        std::memcpy(&address.storage, &v6, sizeof v6);
        address.size = sizeof v6;
    }
    return address;
}

class Syslog final : public Target {
  public:
    explicit Syslog(const config::Syslog& settings)
        : name_(
              "syslog at " +
              (settings.path.empty() ? to_string(settings.endpoint) : settings.path.string())
          ),
          local_(!settings.path.empty()),
          address_(local_ ? unix_address(settings.path) : udp_address(settings.endpoint)),
          sender_{host_name(), ::getpid(), facility_number(settings.facility)} {}
    ~Syslog() override { close(); }

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] bool stamps() const override { return true; }

  private:
    int put(const Written& line) override {
        const auto now = std::chrono::system_clock::now();
        const std::string datagram =
            local_ ? local_datagram(sender_, line, now) : rfc5424_datagram(sender_, line, now);
        const bool kept = fd_ >= 0;
        int error = send(datagram);
        if (kept && (error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET)) {
            // The daemon was started anew, or an earlier datagram was refused.
            close();
            error = send(datagram);
        }
        if (error == EAGAIN && std::exchange(patient_, false)) {
            pollfd one{fd_, POLLOUT, 0};
            error = ::poll(&one, 1, daemon_patience_ms) == 1 ? send(datagram) : EAGAIN;
        }
        if (error == 0) {
            patient_ = true;
        } else if (error != EAGAIN && error != ENOBUFS) {
            close();
        }
        return error;
    }

    int renew() override {
        close();
        return 0;
    }

    /// Returns 0 or an errno.
    int send(const std::string& datagram) {
        if (fd_ < 0) {
            fd_ =
                ::socket(address_.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            if (fd_ < 0 || ::connect(fd_, address_.get(), address_.size) != 0) {
                return errno;
            }
        }
        return ::send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0 ? errno : 0;
    }

    void close() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

    std::string name_;
    bool local_;
    Address address_;
    Sender sender_;
    int fd_ = -1;
    bool patient_ = true;
};

}  // namespace

std::string local_datagram(
    const Sender& sender, const Written& line, std::chrono::system_clock::time_point now
) {
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::tm time = local_time(now);
    return fmt::format(
        "<{}>{} {:2} {:02}:{:02}:{:02} hsmfront[{}]: {}",
        priority(sender, line),
        months.at(static_cast<std::size_t>(time.tm_mon)),
        time.tm_mday,
        time.tm_hour,
        time.tm_min,
        time.tm_sec,
        sender.process,
        cut(line.text)
    );
}

std::string rfc5424_datagram(
    const Sender& sender, const Written& line, std::chrono::system_clock::time_point now
) {
    const std::tm time = local_time(now);
    const auto since = now.time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count() % 1000;
    const long offset = std::abs(time.tm_gmtoff) / 60;
    return fmt::format(
        "<{}>1 {:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02} {} hsmfront {} {} - {}",
        priority(sender, line),
        time.tm_year + 1900,
        time.tm_mon + 1,
        time.tm_mday,
        time.tm_hour,
        time.tm_min,
        time.tm_sec,
        ms,
        time.tm_gmtoff < 0 ? '-' : '+',
        offset / 60,
        offset % 60,
        sender.host,
        sender.process,
        line.component,
        cut(line.text)
    );
}

int facility_number(std::string_view facility) {
    static constexpr std::array<std::pair<std::string_view, int>, 9> named{
        {{"user", 1},
         {"mail", 2},
         {"daemon", 3},
         {"auth", 4},
         {"syslog", 5},
         {"news", 7},
         {"cron", 9},
         {"authpriv", 10},
         {"ftp", 11}}};
    for (const auto& [name, number] : named) {
        if (name == facility) {
            return number;
        }
    }
    return 16 + (facility.back() - '0');  // local0 to local7
}

std::shared_ptr<Target> open_syslog(const config::Syslog& settings) {
    return std::make_shared<Syslog>(settings);
}

}  // namespace hsmfront::log

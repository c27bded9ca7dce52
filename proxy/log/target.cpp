#include "proxy/log/target.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::log {
namespace {

/// How long a descriptor that does not block may stay full.
constexpr int patience_ms = 100;

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() { ::close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

bool wait_writable(int fd, int limit_ms) {
    pollfd one{fd, POLLOUT, 0};
    return ::poll(&one, 1, limit_ms) == 1;
}

/// Returns 0 or an errno. `rest` is what was not written.
int write_all(int fd, std::string_view& rest) {
    while (!rest.empty()) {
        const ssize_t written = ::write(fd, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            if (!wait_writable(fd, patience_ms)) {
                return EAGAIN;
            }
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/// Lines to a descriptor. What a full disk cut off is ended before the next line.
class Lines {
  public:
    int write(int fd, std::string_view begin, std::string_view text) {
        buffer_.assign(torn_ ? "\n" : "");
        buffer_.append(begin).append(text).append("\n");
        std::string_view rest = buffer_;
        const int error = write_all(fd, rest);
        torn_ = error != 0 && (torn_ || rest.size() != buffer_.size());
        return error;
    }
    void begin() { torn_ = false; }

  private:
    std::string buffer_;
    bool torn_ = false;
};

int open_for_appending(const std::filesystem::path& file) {
    return ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

class File final : public Target {
  public:
    File(std::filesystem::path file, std::string key, int fd)
        : file_(std::move(file)), key_(std::move(key)), fd_(std::make_unique<Descriptor>(fd)) {}

    [[nodiscard]] std::string name() const override { return key_ + " " + file_.string(); }

  private:
    int put(const Written& line) override { return lines_.write(fd_->get(), {}, line.text); }

    int renew() override {
        const int fd = open_for_appending(file_);
        if (fd < 0) {
            return errno;
        }
        fd_ = std::make_unique<Descriptor>(fd);
        lines_.begin();
        return 0;
    }

    std::filesystem::path file_;
    std::string key_;
    std::unique_ptr<Descriptor> fd_;
    Lines lines_;
};

/// $JOURNAL_STREAM names the device and inode of the stream, for it may have been redirected since.
bool stderr_is_journal() {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    struct stat now {};
    return stream != nullptr && ::fstat(STDERR_FILENO, &now) == 0 &&
           fmt::format("{}:{}", now.st_dev, now.st_ino) == stream;
}

class Stderr final : public Target {
  public:
    [[nodiscard]] std::string name() const override { return "standard error"; }

  private:
    int put(const Written& line) override {
        const std::string level = journal_ ? fmt::format("<{}>", severity(line.level)) : "";
        return lines_.write(STDERR_FILENO, level, line.text);
    }

    bool journal_ = stderr_is_journal();
    Lines lines_;
};

/// If it takes it now.
void tell_stderr(const std::string& message) {
    if (wait_writable(STDERR_FILENO, 0)) {
        const std::string level = stderr_is_journal() ? "<3>" : "";
        const std::string line = level + "hsmfront: " + message + "\n";
        std::string_view rest = line;
        static_cast<void>(write_all(STDERR_FILENO, rest));
    }
}

}  // namespace

int Target::write(const Written& line) {
    const std::scoped_lock lock(mutex_);
    const int error = put(line);
    if (error != 0 && !failing_) {
        tell_stderr(
            name() + " cannot be written, lines are lost and counted: " + std::strerror(error)
        );
    }
    failing_ = error != 0;
    return error;
}

std::shared_ptr<Target> open_file(const std::filesystem::path& file, const std::string& key) {
    std::error_code ignored;  // what is wrong, opening the file tells
    std::filesystem::create_directories(file.parent_path(), ignored);
    const int fd = open_for_appending(file);
    return fd < 0 ? nullptr : std::make_shared<File>(file, key, fd);
}

std::shared_ptr<Target> open_stderr() { return std::make_shared<Stderr>(); }

int severity(Level level) {
    switch (level) {
        case Level::trace:
        case Level::debug:
            return 7;
        case Level::info:
            return 6;
        case Level::warn:
            return 4;
        case Level::err:
            return 3;
        default:
            return 2;
    }
}

}  // namespace hsmfront::log

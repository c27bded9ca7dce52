#include "certs/pin_source.hpp"

#include "certs/errc.hpp"
#include "proxy/log/component.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::certs {
namespace {

constexpr std::size_t max_pin = 256;

/// `where` is for the message. The caller wipes what `text` looks at.
Loaded<Secret> checked(std::string_view text, const std::string& where) {
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
        if (text.ends_with('\r')) {
            text.remove_suffix(1);
        }
    }
    if (text.empty()) {
        return Failure{Errc::pin_missing, where + ": the PIN is empty"};
    }
    if (text.size() > max_pin) {
        return Failure{
            Errc::file_malformed,
            where + ": longer than " + std::to_string(max_pin) + " bytes, not a PIN"};
    }
    return Secret(text);
}

/// Room for the longest PIN, its newline and one byte that shows there is more. Wiped at the end.
struct WipedBuffer {
    std::array<char, max_pin + 3> bytes{};

    WipedBuffer() = default;
    WipedBuffer(const WipedBuffer&) = delete;
    WipedBuffer& operator=(const WipedBuffer&) = delete;
    ~WipedBuffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

/// Reads until the buffer is full or the file ends; a pipe gives its bytes in pieces.
ssize_t read_up_to(int fd, WipedBuffer& buffer) {
    std::size_t size = 0;
    while (size < buffer.bytes.size()) {
        const ssize_t got = ::read(fd, buffer.bytes.data() + size, buffer.bytes.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(size);
}

Loaded<Secret> from_file(const std::filesystem::path& file, const std::string& where) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    WipedBuffer buffer;
    const ssize_t size = fd < 0 ? -1 : read_up_to(fd, buffer);
    const int problem = errno;
    struct stat info {};
    const bool open_to_all =
        fd >= 0 && ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & S_IROTH);
    if (fd >= 0) {
        (void)::close(fd);
    }
    if (size < 0) {
        return Failure{
            Errc::file_unreadable,
            where + ": cannot read " + file.string() + ": " + std::strerror(problem)};
    }
    if (open_to_all) {
        log::hsm.warn("{}: every user can read {}; chmod 600 it", where, file.string());
    }
    return checked({buffer.bytes.data(), static_cast<std::size_t>(size)}, where);
}

/// PINs taken out of the environment, for those who read the same variable again. Never destroyed:
/// a detached thread may still read one during exit.
struct TakenVariables {
    std::mutex mutex;
    std::map<std::string, Secret> pins;

    static TakenVariables& get() {
        static auto* const instance = new TakenVariables;
        return *instance;
    }
};

std::string_view text_of(const Secret& secret) {
    const auto bytes = secret.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The variable is overwritten where it stands, since /proc/PID/environ shows that very memory, and
/// children inherit it.
Loaded<Secret> from_environment(const std::string& name) {
    TakenVariables& taken = TakenVariables::get();
    const std::lock_guard lock(taken.mutex);
    const std::string where = "hsm.pin.env (" + name + ")";
    char* const text = std::getenv(name.c_str());
    if (text != nullptr && *text != '\0') {
        auto pin = checked(text, where);
        if (pin) {
            taken.pins.insert_or_assign(name, Secret(text_of(*pin)));
        }
        ::explicit_bzero(text, std::strlen(text));
        return pin;
    }
    if (const auto known = taken.pins.find(name); known != taken.pins.end()) {
        return Secret(text_of(known->second));
    }
    if (text == nullptr) {
        return Failure{
            Errc::pin_missing, "hsm.pin.env: the environment variable " + name + " is not set"};
    }
    return checked("", where);
}

Loaded<Secret> from_credential(const std::string& name) {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr) {
        return Failure{
            Errc::pin_missing,
            "hsm.pin.credential: CREDENTIALS_DIRECTORY is not set; start under systemd with "
            "LoadCredential=" +
                name + ":… or LoadCredentialEncrypted="};
    }
    return from_file(std::filesystem::path(directory) / name, "hsm.pin.credential (" + name + ")");
}

}  // namespace

Loaded<Secret> read_pin(const config::PinSource& source) {
    if (source.value) {
        return checked(*source.value, "hsm.pin.value");
    }
    if (source.file) {
        return from_file(*source.file, "hsm.pin.file");
    }
    if (source.env) {
        return from_environment(*source.env);
    }
    if (source.credential) {
        return from_credential(*source.credential);
    }
    return Failure{Errc::pin_missing, "hsm.pin is not set"};
}

std::map<std::string, Secret> taken_variables() {
    TakenVariables& taken = TakenVariables::get();
    const std::lock_guard lock(taken.mutex);
    std::map<std::string, Secret> pins;
    for (const auto& [name, pin] : taken.pins) {
        pins.emplace(name, pin.copy());
    }
    return pins;
}

void take_variables(std::map<std::string, Secret> pins) {
    TakenVariables& taken = TakenVariables::get();
    const std::lock_guard lock(taken.mutex);
    taken.pins.merge(pins);
}

}  // namespace hsmfront::certs

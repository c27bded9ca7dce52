#include "proxy/runtime/file_confinement.hpp"

#include "proxy/net/descriptor.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hsmfront::runtime {
namespace {

// Newer than Debian 12's header.
constexpr std::uint64_t fs_truncate = 1U << 14U;   // version 3
constexpr std::uint64_t fs_ioctl_dev = 1U << 15U;  // version 5

constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t executing = reading | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t writing =
    reading | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
    LANDLOCK_ACCESS_FS_REFER | fs_truncate | fs_ioctl_dev;
constexpr std::uint64_t devices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
/// The rights that a rule on something that is no folder may have.
constexpr std::uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_EXECUTE | fs_truncate | fs_ioctl_dev;

/// What a kernel of that version can deny.
std::uint64_t known_rights(int version) {
    std::uint64_t rights = executing | writing | devices;
    rights &= version >= 2 ? ~0ULL : ~std::uint64_t{LANDLOCK_ACCESS_FS_REFER};
    rights &= version >= 3 ? ~0ULL : ~fs_truncate;
    rights &= version >= 5 ? ~0ULL : ~fs_ioctl_dev;
    return rights;
}

certs::Failure failed(const std::string& what, int error) {
    const error_code ec{error, boost::system::system_category()};
    return {ec, what + ": " + ec.message()};
}

certs::Loaded<void> allow(
    int ruleset, const std::vector<std::filesystem::path>& paths, std::uint64_t rights
) {
    for (const auto& path : paths) {
        const net::Descriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC));
        struct stat info {};
        if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
            continue;
        }
        landlock_path_beneath_attr rule{};
        rule.parent_fd = file.get();
        rule.allowed_access = S_ISDIR(info.st_mode) ? rights : rights & of_files;
        if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
            return failed("landlock_add_rule for " + path.string(), errno);
        }
    }
    return {};
}

}  // namespace

int landlock_version() {
    const long version = ::syscall(
        SYS_landlock_create_ruleset, nullptr, std::size_t{0}, LANDLOCK_CREATE_RULESET_VERSION
    );
    return version < 0 ? 0 : static_cast<int>(version);
}

certs::Loaded<int> confine_files(const FileRules& rules) {
    const int version = landlock_version();
    if (version == 0) {
        return failed("this kernel has no Landlock (Linux 5.13 or later, lsm=landlock)", errno);
    }
    const std::uint64_t known = known_rights(version);
    landlock_ruleset_attr handled{};
    handled.handled_access_fs = known;
    const net::Descriptor ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0))
    );
    if (ruleset.get() < 0) {
        return failed("landlock_create_ruleset", errno);
    }
    const std::pair<const std::vector<std::filesystem::path>*, std::uint64_t> parts[] = {
        {&rules.read, reading}, {&rules.execute, executing}, {&rules.write, writing}};
    for (const auto& [paths, rights] : parts) {
        if (const auto allowed = allow(ruleset.get(), *paths, rights & known); !allowed) {
            return allowed.error();
        }
    }
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
        return errno == E2BIG
                   ? failed("confined 16 times already, by upgrades without a restart", errno)
                   : failed("landlock_restrict_self", errno);
    }
    return version;
}

}  // namespace hsmfront::runtime

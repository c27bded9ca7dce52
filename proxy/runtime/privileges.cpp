#include "proxy/runtime/privileges.hpp"

#include "certs/errc.hpp"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hsmfront::runtime {

certs::Loaded<void> drop_to(const std::string& user) {
    if (user.empty()) {
        return {};
    }
    errno = 0;
    const passwd* entry = ::getpwnam(user.c_str());
    if (entry == nullptr) {
        return certs::Failure{
            make_error_code(certs::Errc::file_unreadable), "user: no such user \"" + user + "\""};
    }
    if (::geteuid() == entry->pw_uid) {
        return {};
    }
    if (::initgroups(user.c_str(), entry->pw_gid) != 0 || ::setgid(entry->pw_gid) != 0 ||
        ::setuid(entry->pw_uid) != 0) {
        const error_code ec{errno, boost::system::system_category()};
        return certs::Failure{
            ec, "user: cannot become \"" + user + "\": " + ec.message() + "; start as root"};
    }
    return {};
}

void forbid_core_files() { ::prctl(PR_SET_DUMPABLE, 0); }

void forbid_new_privileges() { ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

std::size_t raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace hsmfront::runtime

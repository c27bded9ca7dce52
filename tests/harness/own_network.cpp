// OwnNetwork: a network and a resolver configuration that nobody else sees (namespaces(7)).
#include "tests/harness/own_network.hpp"

#include "tests/harness/process.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <stdexcept>
#include <sys/mount.h>
#include <unistd.h>

namespace hsmfront::test {

OwnNetwork::OwnNetwork()
    : network_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
      mounts_(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC)) {
    try {
        enter();
    } catch (const std::runtime_error& error) {
        missing_ = error.what();
        leave();
    }
}

OwnNetwork::~OwnNetwork() {
    leave();
    ::close(network_);
    ::close(mounts_);
}

void OwnNetwork::leave() const {
    ::setns(network_, CLONE_NEWNET);
    ::setns(mounts_, CLONE_NEWNS);
}

void OwnNetwork::enter() {
    const auto must = [](bool done, const std::string& what) {
        if (!done) {
            throw std::runtime_error(what + ": " + std::strerror(errno));
        }
    };
    must(::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0, "no namespaces");
    must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
    must(run({"/usr/sbin/ip", "link", "set", "lo", "up"}).code == 0, "ip link set lo up");
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    replace("/etc/nsswitch.conf", "hosts: files dns\n");
    replace("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
}

void OwnNetwork::replace(const std::string& path, const std::string& text) {
    const auto file = files_.path() / std::filesystem::path(path).filename();
    write_file(file, text);
    if (::mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        throw std::runtime_error("cannot replace " + path + ": " + std::strerror(errno));
    }
}

}  // namespace hsmfront::test

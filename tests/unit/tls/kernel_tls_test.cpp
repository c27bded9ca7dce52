#include "proxy/tls/kernel_tls.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace hsmfront::tls {
namespace {

/// Asking loads the module where that is allowed, so it is listed afterwards.
TEST(KernelTls, IsWhatTheKernelLists) {
    const bool has = kernel_has_tls();
    std::ifstream list("/proc/sys/net/ipv4/tcp_available_ulp");
    bool listed = false;
    for (std::string name; list >> name;) {
        listed = listed || name == "tls";
    }
    EXPECT_EQ(has, listed);
}

}  // namespace
}  // namespace hsmfront::tls

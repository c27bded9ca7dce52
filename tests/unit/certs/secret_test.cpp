// Secret: where its bytes are and are not.
#include "certs/secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <type_traits>

namespace hsmfront::certs {
namespace {

using ::testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

/// The VmFlags (proc(5), smaps) of the mapping that `address` begins; empty if there is none.
std::string flags_at(const void* address) {
    std::ostringstream begin;
    begin << std::hex << reinterpret_cast<std::uintptr_t>(address) << "-";
    std::ifstream smaps("/proc/self/smaps");
    bool inside = false;
    for (std::string line; std::getline(smaps, line);) {
        inside = inside || line.starts_with(begin.str());
        if (inside && line.starts_with("VmFlags:")) {
            return line + " ";
        }
    }
    return {};
}

/// Not so with RLIMIT_MEMLOCK at 0, nor under a sanitizer, which makes mlock(2) do nothing.
bool may_lock() {
    void* page = ::mmap(nullptr, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool locked = ::mlock(page, 1) == 0 && flags_at(page).find(" lo ") != std::string::npos;
    (void)::munmap(page, 1);
    return locked;
}

TEST(Secret, IsLockedAndKeptOutOfCoreFiles) {
    const Secret secret("123456");
    const std::string flags = flags_at(secret.bytes().data());
    EXPECT_THAT(flags, HasSubstr(" dd "));  // MADV_DONTDUMP
    if (may_lock()) {
        EXPECT_THAT(flags, HasSubstr(" lo "));
    }
}

TEST(Secret, IsGoneWhenItEnds) {
    const void* address = nullptr;
    {
        const Secret secret("123456");
        address = secret.bytes().data();
        ASSERT_NE(flags_at(address), "");
    }
    EXPECT_EQ(flags_at(address), "");
}

TEST(Secret, MovesWithoutASecondCopy) {
    Secret secret("123456");
    const void* address = secret.bytes().data();
    const Secret moved = std::move(secret);
    EXPECT_EQ(moved.bytes().data(), address);
}

TEST(Secret, CopiesAndComparesByBytes) {
    const Secret secret("123456");
    const Secret copy = secret.copy();
    EXPECT_NE(copy.bytes().data(), secret.bytes().data());
    EXPECT_TRUE(copy == secret);
    EXPECT_FALSE(copy == Secret("123457"));
    EXPECT_FALSE(copy == Secret("12345"));
    EXPECT_FALSE(copy == Secret());
    EXPECT_TRUE(Secret() == Secret());
    EXPECT_TRUE(Secret().copy().empty());
}

}  // namespace
}  // namespace hsmfront::certs

#include "proxy/http/http2_memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace hsmfront::http {
namespace {

/// As nghttp2 calls it.
class Blocks {
  public:
    void* take(std::size_t size) { return functions_.malloc(size, functions_.mem_user_data); }
    void* resize(void* block, std::size_t size) {
        return functions_.realloc(block, size, functions_.mem_user_data);
    }
    void* zeroed(std::size_t count, std::size_t size) {
        return functions_.calloc(count, size, functions_.mem_user_data);
    }
    void give(void* block) { functions_.free(block, functions_.mem_user_data); }

  private:
    Http2Memory memory_;
    nghttp2_mem functions_ = memory_.functions();
};

bool has_own_pages(const void* block) {
    return reinterpret_cast<std::uintptr_t>(block) % 4096 == 16;
}

TEST(Http2Memory, LargeBlocksHavePagesOfTheirOwn) {
    Blocks blocks;
    void* const first = blocks.resize(nullptr, 16'394);
    void* const second = blocks.take(100'000);
    EXPECT_TRUE(has_own_pages(first));
    EXPECT_TRUE(has_own_pages(second));
    std::memset(first, 1, 16'394);
    std::memset(second, 2, 100'000);
    blocks.give(first);
    EXPECT_EQ(static_cast<char*>(second)[99'999], 2);
    blocks.give(second);
}

TEST(Http2Memory, BlocksKeepTheirContentWhenResized) {
    Blocks blocks;
    void* block = blocks.zeroed(10, 10);
    static_cast<char*>(block)[99] = 'x';
    for (const std::size_t size : {200U, 20'000U, 40'000U, 17'000U, 300U, 100U}) {
        block = blocks.resize(block, size);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(static_cast<char*>(block)[98], 0) << size;
        EXPECT_EQ(static_cast<char*>(block)[99], 'x') << size;
        static_cast<char*>(block)[size - 1] = size == 100U ? 'x' : 'y';
    }
    blocks.give(block);
    blocks.give(nullptr);
}

TEST(Http2Memory, WhatIsLeftIsGivenBackInTheEnd) {
    Blocks blocks;
    EXPECT_NE(blocks.take(16'384), nullptr);
}

}  // namespace
}  // namespace hsmfront::http

#include "proxy/runtime/memory_watch.hpp"

#include "proxy/admin/process_status.hpp"

#include <malloc.h>

namespace hsmfront::runtime {
namespace {

constexpr std::chrono::seconds memory_period{1};

}  // namespace

void MemoryWatch::look() {
    if (admission_.note_memory(admin::resident_bytes())) {
        ::malloc_trim(0);
        static_cast<void>(admission_.note_memory(admin::resident_bytes()));
    }
    timer_.expires_after(memory_period);
    timer_.async_wait([this](const error_code& ec) {
        if (!ec) {
            look();
        }
    });
}

}  // namespace hsmfront::runtime

#include "certs/thread_setup.hpp"

#include <csignal>
#include <pthread.h>

namespace hsmfront::certs {

void enter_thread(const char* name) noexcept {
    sigset_t all;
    (void)sigfillset(&all);
    (void)::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    (void)::pthread_setname_np(::pthread_self(), name);
}

}  // namespace hsmfront::certs

#include "proxy/runtime/system_call_filter.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace hsmfront::runtime {
namespace {

using Calls = std::initializer_list<std::uint32_t>;

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
constexpr Calls calls_of_architecture{SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib};
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
constexpr Calls calls_of_architecture{};
#else
constexpr std::uint32_t architecture = 0;  // numbers and arguments are not known to be right
constexpr Calls calls_of_architecture{};
#endif

#if defined(__SANITIZE_ADDRESS__)
constexpr Calls calls_of_debuggers{};  // LeakSanitizer stops the other threads by ptrace(2)
#else
constexpr Calls calls_of_debuggers{SYS_ptrace};
#endif

/// By number alone: the kernel remembers for each number that the filter lets it pass, and asks it
/// no more (Linux 5.11).
constexpr Calls denied_calls{
    // Other processes.
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_kcmp,
    // Mounts and namespaces.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    // Interfaces of the kernel that are large, and those that replace it.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_fanotify_init,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_syslog,
    // The whole system's settings.
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_vhangup,
};

constexpr std::uint32_t new_namespace = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                        CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/// Numbers from here on are those of the x32 ABI, which would pass by the list (seccomp(2)).
constexpr std::uint32_t x32_begin = 0x40000000;

class Program {
  public:
    Program() {
        load(offsetof(seccomp_data, arch));
        jump(BPF_JEQ, architecture, 1, 0);
        fail_with(EPERM);
        load(offsetof(seccomp_data, nr));
        if (architecture == AUDIT_ARCH_X86_64) {
            jump(BPF_JGE, x32_begin, 0, 1);
            fail_with(EPERM);
        }
        deny(denied_calls);
        deny(calls_of_debuggers);
        deny(calls_of_architecture);
        // Its flags cannot be looked at; the C library falls back to clone(2).
        jump(BPF_JEQ, SYS_clone3, 0, 1);
        fail_with(ENOSYS);
        jump(BPF_JEQ, SYS_clone, 0, 3);
        load(offsetof(seccomp_data, args));  // the lower half of flags; both are little-endian
        jump(BPF_JSET, new_namespace, 0, 1);
        fail_with(EPERM);
        add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }

    [[nodiscard]] sock_fprog handle() {
        return {static_cast<unsigned short>(code_.size()), code_.data()};
    }

  private:
    void add(int code, std::uint32_t value, std::uint8_t skip = 0, std::uint8_t otherwise = 0) {
        code_.push_back({static_cast<std::uint16_t>(code), skip, otherwise, value});
    }
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void deny(Calls numbers) {
        for (const std::uint32_t number : numbers) {
            jump(BPF_JEQ, number, 0, 1);
            fail_with(EPERM);
        }
    }
    /// Skips as many instructions, by whether the comparison holds.
    void jump(int comparison, std::uint32_t value, std::uint8_t skip, std::uint8_t otherwise) {
        add(BPF_JMP | comparison | BPF_K, value, skip, otherwise);
    }
    void fail_with(std::uint32_t error) { add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error); }

    std::vector<sock_filter> code_;
};

certs::Failure not_filtered(int error) {
    const error_code ec{error, boost::system::system_category()};
    return {ec, "this kernel takes no filter of system calls: " + ec.message()};
}

}  // namespace

certs::Loaded<void> filter_system_calls() {
    if (architecture == 0) {
        return not_filtered(ENOSYS);
    }
    Program program;
    const sock_fprog code = program.handle();
    // SPEC_ALLOW: before Linux 5.16 filtered processes pay for defences against code that they run
    // for others, which we do not.
    const long result = ::syscall(
        SYS_seccomp,
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
        &code
    );
    if (result != 0) {
        return not_filtered(result > 0 ? EBUSY : errno);  // a thread has a filter of its own
    }
    return {};
}

}  // namespace hsmfront::runtime

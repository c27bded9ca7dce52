#include "certs/certificate_file.hpp"

#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::certs {
namespace {

using Pkcs7Ptr = std::unique_ptr<PKCS7, Deleter<PKCS7_free>>;
using Certificates = std::vector<X509Ptr>;

constexpr std::size_t largest_file = 16U << 20U;

/// Takes the certificates of a PKCS#7 that carries some; false if it is of another kind.
bool take_from(const PKCS7* pkcs7, Certificates& out) {
    if (pkcs7 == nullptr || PKCS7_type_is_signed(pkcs7) == 0 || pkcs7->d.sign == nullptr) {
        return false;
    }
    const STACK_OF(X509)* stack = pkcs7->d.sign->cert;
    for (int i = 0; i < sk_X509_num(stack); ++i) {
        X509* certificate = sk_X509_value(stack, i);
        X509_up_ref(certificate);
        out.emplace_back(certificate);
    }
    return true;
}

bool take_from_der(const std::string& bytes, Certificates& out) {
    const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto size = static_cast<long>(bytes.size());
    const auto* position = begin;
    if (X509Ptr certificate{d2i_X509(nullptr, &position, size)}) {
        out.push_back(std::move(certificate));
        return true;
    }
    position = begin;
    const Pkcs7Ptr pkcs7(d2i_PKCS7(nullptr, &position, size));
    return take_from(pkcs7.get(), out);
}

/// One PEM block as PEM_read_bio gives it.
struct PemBlock {
    PemBlock() = default;
    ~PemBlock() {
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, static_cast<std::size_t>(size));
    }
    PemBlock(const PemBlock&) = delete;
    PemBlock& operator=(const PemBlock&) = delete;

    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
};

/// True unless the block says that it holds certificates and does not.
bool take_from_block(const PemBlock& block, Certificates& out) {
    const std::string_view name = block.name;
    const unsigned char* position = block.data;
    if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD || name == PEM_STRING_X509_TRUSTED) {
        X509Ptr certificate(
            name == PEM_STRING_X509_TRUSTED ? d2i_X509_AUX(nullptr, &position, block.size)
                                            : d2i_X509(nullptr, &position, block.size)
        );
        const bool good = certificate != nullptr;
        if (good) {
            out.push_back(std::move(certificate));
        }
        return good;
    }
    if (name == PEM_STRING_PKCS7 || name == PEM_STRING_PKCS7_SIGNED) {
        const Pkcs7Ptr pkcs7(d2i_PKCS7(nullptr, &position, block.size));
        return take_from(pkcs7.get(), out);
    }
    return true;
}

bool take_from_pem(const std::string& text, Certificates& out) {
    const BioPtr memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    for (;;) {
        PemBlock block;
        if (PEM_read_bio(memory.get(), &block.name, &block.header, &block.data, &block.size) != 1) {
            return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        }
        if (!take_from_block(block, out)) {
            return false;
        }
    }
}

Failure system_failure(const std::string& what) {
    return Failure{Errc::file_unreadable, what + ": " + std::strerror(errno)};
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
}

/// Fills the open temporary file. The owner is changed where that is allowed (root).
bool fill(int fd, std::string_view content, const struct stat& folder) {
    constexpr mode_t for_all_to_read = 0644;
    (void)!::fchown(fd, folder.st_uid, folder.st_gid);
    return write_all(fd, content) && ::fchmod(fd, for_all_to_read) == 0 && ::fsync(fd) == 0;
}

}  // namespace

Loaded<Certificates> read_certificates(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        return system_failure("certificates " + file.string());
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
        return Failure{Errc::file_unreadable, "certificates " + file.string() + ": is a folder"};
    }
    const std::string bytes(std::istreambuf_iterator<char>(stream), {});
    if (bytes.size() > largest_file) {
        return Failure{Errc::file_malformed, file.string() + ": too large for certificates"};
    }
    ERR_clear_error();
    Certificates found;
    const bool pem = bytes.find("-----BEGIN ") != std::string::npos;
    const bool good = pem ? take_from_pem(bytes, found) : take_from_der(bytes, found);
    if (!good) {
        return Failure{
            Errc::file_malformed,
            "certificates " + file.string() + ": number " + std::to_string(found.size() + 1) +
                " cannot be parsed" + (pem ? "" : " (neither PEM, DER nor PKCS#7)") + ": " +
                drain_openssl_reason()};
    }
    ERR_clear_error();
    if (found.empty()) {
        return Failure{Errc::file_malformed, "certificates " + file.string() + ": none in it"};
    }
    return found;
}

std::string pem_of(const Certificates& certificates) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    for (const X509Ptr& certificate : certificates) {
        PEM_write_bio_X509(memory.get(), certificate.get());
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Loaded<void> replace_file(const std::filesystem::path& file, std::string_view content) {
    const std::filesystem::path folder = file.parent_path().empty() ? "." : file.parent_path();
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat info {};
    if (directory < 0 || ::fstat(directory, &info) != 0) {
        return system_failure("folder " + folder.string());
    }
    std::string temporary = (folder / ("." + file.filename().string() + ".XXXXXX")).string();
    const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
    const bool filled = fd >= 0 && fill(fd, content, info);
    const bool replaced = filled && ::rename(temporary.c_str(), file.c_str()) == 0;
    const int problem = errno;
    if (fd >= 0) {
        (void)::close(fd);
    }
    if (fd >= 0 && !replaced) {
        (void)::unlink(temporary.c_str());
    }
    (void)::fsync(directory);
    (void)::close(directory);
    if (!replaced) {
        errno = problem;
        return system_failure("writing " + file.string());
    }
    return {};
}

}  // namespace hsmfront::certs

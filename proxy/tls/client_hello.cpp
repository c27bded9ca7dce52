#include "proxy/tls/client_hello.hpp"

#include <algorithm>
#include <cstddef>

namespace hsmfront::tls {
namespace {

constexpr unsigned char host_name_type = 0;  // RFC 6066 §3, NameType

std::size_t number_at(std::span<const unsigned char> bytes, std::size_t at) {
    return static_cast<std::size_t>(bytes[at]) << 8U | bytes[at + 1];
}

}  // namespace

std::string_view host_name_in(std::span<const unsigned char> server_name) {
    // Length of the list, type, length of the name, name. One name of each type, one type known.
    constexpr std::size_t head = 5;
    if (server_name.size() < head || number_at(server_name, 0) != server_name.size() - 2 ||
        server_name[2] != host_name_type ||
        number_at(server_name, 3) != server_name.size() - head) {
        return {};
    }
    const auto bytes = server_name.subspan(head);
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const bool good =
        name.size() <= TLSEXT_MAXLEN_host_name && name.find('\0') == std::string_view::npos;
    return good ? name : std::string_view();
}

bool is_address_literal(std::string_view name) {
    return name.find(':') != std::string_view::npos ||
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || c == '.';
           });
}

std::string_view offered_name(SSL* ssl) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) {
        return {};
    }
    return host_name_in({bytes, size});
}

}  // namespace hsmfront::tls

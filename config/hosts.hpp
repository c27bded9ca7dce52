// Hosts: the entry that serves a name.
#pragma once

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>

namespace hsmfront::config {

/// The element of `hosts` whose `name` is `name` (lower case), else the one whose wildcard
/// ("*.example.com") covers it by one label, else null.
template <std::ranges::contiguous_range Hosts>
[[nodiscard]] const std::ranges::range_value_t<Hosts>* find_host(
    const Hosts& hosts, std::string_view name
) {
    const auto named = [&hosts](std::string_view wanted) {
        const auto found =
            std::ranges::find_if(hosts, [wanted](const auto& host) { return host.name == wanted; });
        return found == std::ranges::end(hosts) ? nullptr : &*found;
    };
    const auto* exact = named(name);
    const auto dot = name.find('.');
    if (exact != nullptr || dot == std::string_view::npos) {
        return exact;
    }
    return named(std::string{"*"}.append(name.substr(dot)));
}

}  // namespace hsmfront::config

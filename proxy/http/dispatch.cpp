#include "proxy/http/dispatch.hpp"

#include "proxy/http/backend_set.hpp"
#include "proxy/http/routes.hpp"

namespace hsmfront::http {

Parsed<Destination> Dispatch::find(const Checked& request) const {
    const Parsed<const config::HttpBackends*> found =
        routes.find({client.server_name, request.request.host, request.path});
    if (!found) {
        return found.error();
    }
    return Destination{backends.group(**found), client.proxy_header};
}

}  // namespace hsmfront::http

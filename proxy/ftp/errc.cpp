#include "proxy/ftp/errc.hpp"

namespace hsmfront::ftp {
namespace {

class Category final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "hsmfront.ftp"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::bare_lf:
                return "line feed without carriage return";
            case Errc::bare_cr:
                return "carriage return without line feed";
            case Errc::nul:
                return "NUL byte in a command";
            case Errc::line_too_long:
                return "line too long";
            case Errc::bad_reply:
                return "not an FTP reply";
            case Errc::changed_code:
                return "multi-line reply changed its code";
            case Errc::reply_too_long:
                return "reply too long";
            case Errc::bad_argument:
                return "not an address and port";
            case Errc::unsupported_family:
                return "unknown network protocol";
        }
        return "unknown error " + std::to_string(value);
    }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
    static const Category category;
    return category;
}

}  // namespace hsmfront::ftp

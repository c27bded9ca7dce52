#include "proxy/tls/stream.hpp"

#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/tls/client_offer.hpp"
#include "proxy/tls/handshake_counters.hpp"
#include "proxy/tls/handshake_evidence.hpp"
#include "proxy/tls/sign_wait.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <string_view>
#include <utility>

namespace hsmfront::tls {

using net::Attempt;
using net::Direction;

namespace {

/// What is encrypted at once: more costs a slow reader memory and saves little.
constexpr std::size_t batch = 49'152;

int stream_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// True if part of a record is here and the rest is not. EOF is then no sloppy end but a loss,
/// also where close_notify is not asked for.
bool inside_record(const SSL* ssl) {
    return SSL_has_pending(ssl) == 1 || std::string_view(SSL_rstate_string(ssl)) == "RB";
}

}  // namespace

Stream::Stream(net::Socket socket, std::shared_ptr<const Context> context, StreamOptions options)
    : io_(std::move(socket)),
      context_(std::move(context)),
      options_(std::move(options)),
      ssl_(SSL_new(context_->native())) {
    if (ssl_ == nullptr || !connect_socket()) {
        throw std::bad_alloc();
    }
    SSL_set_ex_data(ssl_.get(), stream_index(), this);
    SSL_set_accept_state(ssl_.get());
    SSL_set_read_ahead(ssl_.get(), options_.read_ahead ? 1 : 0);
    if (!options_.send_tickets) {
        SSL_set_num_tickets(ssl_.get(), 0);
    }
}

/// The kernel takes records over from OpenSSL's own BIO only.
bool Stream::connect_socket() {
    if ((SSL_get_options(ssl_.get()) & SSL_OP_ENABLE_KTLS) != 0) {
        return SSL_set_fd(ssl_.get(), io_.fd()) == 1;
    }
    BIO* const bio = bio_.make();
    if (bio == nullptr) {
        return false;
    }
    SSL_set_bio(ssl_.get(), bio, bio);
    return true;
}

Stream::~Stream() {
    if (ssl_ != nullptr) {
        // OpenSSL takes a session whose connection was cut off for unfit to be resumed. TLS has not
        // asked for that since 1.1 (RFC 5246 §7.2.1).
        SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);
    }
}

Stream& Stream::of(const SSL* ssl) {
    return *static_cast<Stream*>(SSL_get_ex_data(ssl, stream_index()));
}

void Stream::choose(const NamedContext& host) {
    const std::shared_ptr<const Context> previous = context();
    info_.host = host.name;
    chosen_ = host.context;
    chosen_->take_over(ssl_.get(), *previous);
}

void Stream::choose_listener() {
    if (chosen_) {
        choose({{}, context_});
    }
}

bool Stream::note_asked(std::string_view name) {
    if (!std::exchange(asked_, true)) {
        info_.server_name = name;
    }
    return info_.server_name == name;
}

net::Task<error_code> Stream::handshake(net::milliseconds limit) {
    const auto executor = io_.socket().get_executor();
    const net::Deadline deadline(executor, {this}, limit);
    if (context_->offloaded()) {
        sign_wait_ = std::make_unique<SignWait>(executor);
        SSL_set_mode(ssl_.get(), SSL_MODE_ASYNC);
    }
    const HandshakeWatch watch(ssl_.get());
    bio_.gather(true);
    const error_code ec = co_await accept();
    bio_.gather(false);
    // Reads and writes must not run as jobs: nothing of theirs is ever waited for.
    SSL_clear_mode(ssl_.get(), SSL_MODE_ASYNC);
    if (ec) {
        bio_.flush();  // an alert
        note_failure(ec, watch.signs(), limit);
        sign_wait_.reset();
        broken_ = ec;
        co_return ec;
    }
    sign_wait_.reset();
    note_handshake();
    if (options_.data_connection && !options_.send_tickets) {
        // A client with Nagle's algorithm on holds its close_notify back until the data before it
        // is acknowledged: 40 ms for each small upload.
        io_.acknowledge_at_once();
    }
    co_return error_code{};
}

net::Task<error_code> Stream::accept() {
    for (;;) {
        const Step step = try_accept();
        if (step == Step::done) {
            co_return co_await finish();
        }
        if (step == Step::failed) {
            co_return broken_;
        }
        if (step == Step::want_signature) {
            const error_code unwanted = co_await await_signature();
            if (unwanted) {
                // A paused job keeps its stack for ever unless it is led to its end.
                sign_wait_->expire(unwanted);
                static_cast<void>(try_accept());
                co_return unwanted;
            }
            continue;
        }
        const error_code ec =
            co_await io_.wait(step == Step::want_read ? Direction::read : Direction::write);
        if (ec) {
            co_return ec;
        }
    }
}

/// What is held back: in TLS 1.3 tickets, which may wait for the first record, before it the end of
/// the handshake, for which the client waits.
net::Task<error_code> Stream::finish() {
    while (SSL_version(ssl_.get()) < TLS1_3_VERSION) {
        const Attempt attempt = bio_.flush();
        if (attempt.state != Attempt::State::want_write) {
            broken_ = attempt.error;
            break;
        }
        const error_code ec = co_await io_.wait(Direction::write);
        if (ec) {
            co_return ec;
        }
    }
    co_return broken_;
}

net::Task<error_code> Stream::await_signature() {
    for (;;) {
        const bool answered = co_await sign_wait_->wait();
        if (io_.interrupted() || answered) {
            co_return io_.interrupted();
        }
        // What it sent before stays in the socket. FIN alone counts too: nobody sends his last
        // byte before a handshake is done.
        if (io_.hung_up()) {
            co_return net::Errc::eof;
        }
    }
}

Stream::Step Stream::try_accept() {
    clear_errors();
    errno = 0;
    int rc = 0;
    if (sign_wait_) {
        const SignWait::Scope scope(*sign_wait_);
        rc = SSL_accept(ssl_.get());
    } else {
        rc = SSL_accept(ssl_.get());
    }
    const int system_error = errno;
    if (rc == 1) {
        return Step::done;
    }
    if (SSL_get_error(ssl_.get(), rc) == SSL_ERROR_WANT_ASYNC) {
        return Step::want_signature;
    }
    const Attempt attempt = attempt_of(rc, system_error);
    switch (attempt.state) {
        case Attempt::State::want_read:
            return Step::want_read;
        case Attempt::State::want_write:
            return Step::want_write;
        default:
            broken_ = attempt.error;
            return Step::failed;
    }
}

Attempt Stream::fail(error_code error) { return {Attempt::State::failed, 0, error}; }

Attempt Stream::attempt_of(int rc, int system_error) {
    switch (SSL_get_error(ssl_.get(), rc)) {
        case SSL_ERROR_WANT_READ:
            return wants(Direction::read);
        case SSL_ERROR_WANT_WRITE:
            return wants(Direction::write);
        case SSL_ERROR_ZERO_RETURN:
            return fail(net::Errc::eof);
        case SSL_ERROR_SYSCALL:
            ERR_clear_error();
            broken_ = system_error != 0 ? error_code{system_error, boost::system::system_category()}
                                        : make_error_code(net::Errc::truncated);
            return fail(broken_);
        default: {
            errors_ = take_errors();
            const bool eof = errors_.reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
            const bool cut = eof && !inside_record(ssl_.get());
            broken_ = make_error_code(cut ? net::Errc::truncated : net::Errc::tls_failed);
            return fail(broken_);
        }
    }
}

/// OpenSSL's own BIO does not say what it found.
Attempt Stream::wants(Direction direction) {
    io_.exhausted(direction);
    const bool read = direction == Direction::read;
    return {read ? Attempt::State::want_read : Attempt::State::want_write, 0, {}};
}

Attempt Stream::try_read(std::span<char> buffer) {
    if (io_.interrupted()) {
        return fail(io_.interrupted());
    }
    if (broken_) {
        return fail(broken_);
    }
    std::size_t total = 0;
    while (total < buffer.size()) {
        clear_errors();
        errno = 0;
        std::size_t bytes = 0;
        const int rc =
            SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &bytes);
        if (rc != 1) {
            const int system_error = errno;
            // What was read before an error is delivered first; the error comes again or is kept.
            const Attempt attempt = attempt_of(rc, system_error);
            return total != 0 ? Attempt{Attempt::State::done, total, {}} : attempt;
        }
        total += bytes;
        if (SSL_has_pending(ssl_.get()) == 0 && !io_.ready(Direction::read)) {
            break;
        }
    }
    return {Attempt::State::done, total, {}};
}

Attempt Stream::try_write(std::span<const char> bytes) {
    if (io_.interrupted()) {
        return fail(io_.interrupted());
    }
    if (broken_) {
        return fail(broken_);
    }
    if (owed_ == 0) {
        const Attempt attempt = encrypt(bytes.first(std::min(bytes.size(), batch)));
        if (attempt.state != Attempt::State::done) {
            return attempt;
        }
        owed_ = attempt.bytes;
    }
    const Attempt attempt = bio_.flush();
    if (attempt.state == Attempt::State::failed) {
        broken_ = attempt.error;
    }
    return attempt.state == Attempt::State::done
               ? Attempt{Attempt::State::done, std::exchange(owed_, 0), {}}
               : attempt;
}

/// Records of more than one go out in one piece: TCP is told of them once.
Attempt Stream::encrypt(std::span<const char> bytes) {
    const bool many = bytes.size() > SSL3_RT_MAX_PLAIN_LENGTH;
    if (many) {
        bio_.expect(batch + batch / 64);
    }
    bio_.gather(many);
    std::size_t total = 0;
    Attempt attempt;
    while (total < bytes.size()) {
        if (records_ >= options_.records_per_key) {
            update_key();
        }
        clear_errors();
        errno = 0;
        std::size_t written = 0;
        const int rc =
            SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &written);
        const int system_error = errno;
        if (rc != 1) {
            attempt = attempt_of(rc, system_error);
            break;
        }
        ++records_;  // SSL_MODE_ENABLE_PARTIAL_WRITE: one at a time
        total += written;
    }
    bio_.gather(false);
    return total != 0 ? Attempt{Attempt::State::done, total, {}} : attempt;
}

/// Before a record, so that an update is never pending when the connection is closed, which
/// SSL_shutdown(3) refuses; nor is a write pending here, since each record was counted when it was
/// out.
void Stream::update_key() {
    records_ = 0;
    // The kernel's keys cannot be replaced (openssl/openssl#16307).
    if (SSL_version(ssl_.get()) < TLS1_3_VERSION || BIO_get_ktls_send(SSL_get_wbio(ssl_.get()))) {
        return;
    }
    // Ours only. A peer that sends much counts its own records and updates by itself; one that only
    // receives has sent next to nothing with its keys. And one that only sends may not read while
    // it does: it would not see that it is asked.
    if (SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) {
        ERR_clear_error();  // tried again after as many records
    }
}

net::Task<error_code> Stream::wait(Direction direction) { return io_.wait(direction); }

net::Task<error_code> Stream::shutdown_send() {
    while (!broken_) {
        ERR_clear_error();
        errno = 0;
        const int rc = SSL_shutdown(ssl_.get());
        if (rc >= 0) {
            co_return io_.shutdown_send();
        }
        const Attempt attempt = attempt_of(rc, errno);
        if (attempt.state == Attempt::State::failed) {
            co_return attempt.error;
        }
        const bool read = attempt.state == Attempt::State::want_read;
        const error_code ec = co_await io_.wait(read ? Direction::read : Direction::write);
        if (ec) {
            co_return ec;
        }
    }
    co_return broken_;
}

void Stream::interrupt(error_code reason) noexcept {
    io_.interrupt(reason);
    if (sign_wait_) {
        sign_wait_->wake();
    }
}

net::tcp::endpoint Stream::peer() const { return io_.peer(); }

net::tcp::endpoint Stream::local() const { return io_.local(); }

void Stream::note_handshake() {
    info_.version = SSL_get_version(ssl_.get());
    info_.cipher = SSL_get_cipher_name(ssl_.get());
    info_.resumed = SSL_session_reused(ssl_.get()) == 1;
    info_.extended_master_secret =
        SSL_version(ssl_.get()) >= TLS1_3_VERSION || SSL_get_extms_support(ssl_.get()) == 1;
    info_.client = client_identity(ssl_.get());
    const unsigned char* alpn = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &alpn, &length);
    info_.alpn.assign(reinterpret_cast<const char*>(alpn), length);
    if (options_.counters != nullptr) {
        options_.counters->count_done(info_.version, info_.resumed);
    }
}

void Stream::note_failure(error_code error, const WireSigns& signs, net::milliseconds limit) {
    HandshakeEvidence seen;
    seen.error = error;
    seen.reason = errors_.reason;
    seen.words = errors_.words;
    seen.signs = signs;
    seen.received = BIO_number_read(SSL_get_rbio(ssl_.get()));
    seen.signature = sign_wait_ ? sign_wait_->error() : error_code{};
    seen.oldest_version = static_cast<int>(SSL_get_min_proto_version(ssl_.get()));
    const auto newest = static_cast<int>(SSL_get_max_proto_version(ssl_.get()));
    seen.newest_version = newest == 0 ? TLS1_3_VERSION : newest;  // 0: as new as there is
    seen.limit = limit;
    seen.refusal = std::move(refusal_);
    failure_ = explain(seen);
    if (is_mismatch(failure_->cause)) {
        if (context()->certificates().empty()) {
            failure_ = {HandshakeCause::hsm_away, "no key to sign with yet, the HSM is away"};
        } else {
            failure_->words += "; " + client_offer(ssl_.get());
        }
    }
    if (options_.counters != nullptr) {
        options_.counters->count_failed(failure_->cause);
    }
}

std::optional<HandshakeCause> Stream::cause() const {
    return failure_ ? std::optional(failure_->cause) : std::nullopt;
}

std::string Stream::failure() const { return failure_ ? failure_->words : std::string(); }

std::string Stream::failure_line() const {
    if (!failure_) {
        return {};
    }
    return "TLS handshake failed (" + std::string(label(failure_->cause)) + "): " + failure_->words;
}

std::string Stream::client_certificate() const { return client_certificate_der(ssl_.get()); }

ControlBinding Stream::binding() const {
    ControlBinding binding{context(), *options_.tag};
    if (SSL_version(ssl_.get()) < TLS1_3_VERSION) {
        binding.session = {SSL_get1_session(ssl_.get()), SSL_SESSION_free};
    }
    binding.kept_rings = options_.kept_rings;
    binding.client = info_.client.fingerprint;
    binding.extended_master_secret = info_.extended_master_secret;
    return binding;
}

void Stream::queue_ticket() {
    if (!broken_ && SSL_version(ssl_.get()) == TLS1_3_VERSION) {
        ERR_clear_error();
        if (SSL_new_session_ticket(ssl_.get()) != 1) {
            ERR_clear_error();  // a client then resumes with an older ticket, or not at all
        }
    }
}

net::Task<Result<net::Socket>> Stream::unwrap(net::milliseconds limit) {
    const net::Deadline deadline(io_.socket().get_executor(), {this}, limit);
    for (bool told = false;;) {
        if (broken_) {
            co_return broken_;
        }
        ERR_clear_error();
        errno = 0;
        const int rc = SSL_shutdown(ssl_.get());
        if (rc == 1) {
            break;
        }
        Direction direction = Direction::read;
        if (rc < 0) {
            const Attempt attempt = attempt_of(rc, errno);
            if (attempt.state == Attempt::State::failed) {
                co_return attempt.error;
            }
            direction =
                attempt.state == Attempt::State::want_read ? Direction::read : Direction::write;
        } else if (!told) {
            told = true;  // ours is out; the second call looks for theirs
            continue;
        }
        const error_code ec = co_await io_.wait(direction);
        if (ec) {
            co_return ec;
        }
    }
    ssl_.reset();
    broken_ = make_error_code(net::Errc::eof);
    co_return io_.release();
}

}  // namespace hsmfront::tls

// BodyDecoder and BodyEncoder: content out of one framing and into another. Pure, no copies but
// for trailers.
#pragma once

#include "proxy/http/framing.hpp"

#include <string>
#include <string_view>

namespace hsmfront::http {

/// Incremental: feed it what has arrived, take off what it consumed, feed it the rest.
class BodyDecoder {
  public:
    /// Bytes of one chunk's extensions (RFC 9112 §7.1.1: bound them).
    static constexpr std::size_t max_extension = 256;
    /// Bytes of the trailer section.
    static constexpr std::size_t max_trailers = std::size_t{8} * 1024;

    enum class State { more, done, malformed };
    struct Step {
        State state;
        std::size_t consumed;   ///< take these off the input
        std::string_view data;  ///< content among them; may be empty
    };

    explicit BodyDecoder(Framing framing) noexcept;

    /// Yields at most one slice of content a step; call again with the rest of the input until it
    /// is used up or the state is not `more`. Always consumes something of a non-empty input.
    [[nodiscard]] Step next(std::string_view input);
    [[nodiscard]] bool done() const noexcept { return phase_ == Phase::done; }
    /// True where the end of the connection is the end of the content.
    [[nodiscard]] bool ends_at_close() const noexcept { return phase_ == Phase::until_close; }
    /// Well-formed field lines of the trailer section, each with its CRLF.
    [[nodiscard]] const std::string& trailers() const noexcept { return trailers_; }

  private:
    enum class Phase {
        length,
        until_close,
        size_begin,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        done,
        malformed,
    };

    [[nodiscard]] Step content(std::string_view input, Phase after);
    void chunk_byte(char c);
    void size_byte(char c);
    void extension_byte(char c);
    void trailer_byte(char c);
    void end_size_line(char c);

    Phase phase_;
    std::uint64_t left_ = 0;  ///< bytes of content until the end or the end of the chunk
    std::size_t line_ = 0;    ///< bytes of this size, extension or trailer line so far
    std::string trailers_;
};

/// Content as the next hop gets it.
class BodyEncoder {
  public:
    enum class Kind { plain, chunked };
    explicit BodyEncoder(Kind kind) noexcept : kind_(kind) {}

    [[nodiscard]] bool plain() const noexcept { return kind_ == Kind::plain; }
    void append(std::string& out, std::string_view data) const;
    /// The last chunk. `trailers` are field lines with their CRLF.
    void finish(std::string& out, std::string_view trailers) const;

  private:
    Kind kind_;
};

}  // namespace hsmfront::http

// What somebody on the path could read: counts the bytes of envelope, content and credentials among
// the plaintext a client sends. Bytes decide, not what any program says. The small talk of the
// protocol (greetings, capabilities, the upgrade, the goodbye) is not counted; anything else is,
// also what is not understood. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "lab/dialect.h"

namespace pawl::lab {

class Eavesdropper {
 public:
  std::size_t bytes() const;
  std::size_t bytes(Heard what) const;
  std::string excerpt() const;  // the first bytes that counted, for the table

 private:
  friend class Overheard;
  void count(Heard what, std::string_view bytes);

  mutable std::mutex mutex_;
  std::array<std::size_t, 5> bytes_{};  // by what was heard
  std::string excerpt_;
};

// One connection being listened to: plaintext from the client in any pieces. Stops by itself where
// a TLS record begins at the start of a line.
class Overheard {
 public:
  explicit Overheard(Eavesdropper& ear, Dialect dialect = Dialect::smtp)
      : ear_(ear), dialect_(dialect) {}
  void feed(std::string_view plaintext);
  bool in_content() const { return in_data_; }  // between DATA and its final dot
  // Of a BDAT chunk or a literal.
  std::size_t chunk_remaining() const { return chunk_; }
  // The line that comes next belongs to the command before it: behind a literal, or in a login.
  bool in_command() const { return continues_ || in_login_; }
  bool sealed() const { return sealed_; }  // TLS has begun: nothing more is readable
  // The server did not want the literal that was announced.
  void literal_refused() { chunk_ = 0, continues_ = false; }

 private:
  void line(std::string_view line);
  Heard meaning_of(std::string_view command) const;

  Eavesdropper& ear_;
  Dialect dialect_;
  std::string partial_;
  std::size_t chunk_ = 0;  // bytes of a BDAT chunk or a literal still to come
  Heard chunk_is_ = Heard::content;
  bool continues_ = false;  // the command goes on behind a literal
  bool in_login_ = false;   // a SASL exchange, perhaps still going on
  bool in_data_ = false;
  bool sealed_ = false;
};

}  // namespace pawl::lab

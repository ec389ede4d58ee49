// What somebody on the path could read: counts the bytes of envelope, content and credentials among
// the plaintext a client sends. Bytes decide, not what any program says. Greetings of the protocol
// (EHLO, STARTTLS, RSET, NOOP, QUIT, the words DATA and BDAT) are not counted; anything else is,
// also what is not understood. Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace pawl::lab {

class Eavesdropper {
 public:
  std::size_t bytes() const;
  std::string excerpt() const;  // the first bytes that counted, for the table

 private:
  friend class Overheard;
  void count(std::string_view bytes);

  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::string excerpt_;
};

// One connection being listened to: plaintext from the client in any pieces. Stops by itself where
// a TLS record begins at the start of a line.
class Overheard {
 public:
  explicit Overheard(Eavesdropper& ear) : ear_(ear) {}
  void feed(std::string_view plaintext);
  bool in_content() const { return in_data_; }            // between DATA and its final dot
  std::size_t chunk_remaining() const { return chunk_; }  // of a BDAT
  bool sealed() const { return sealed_; }                 // TLS has begun: nothing more is readable

 private:
  void line(std::string_view line);

  Eavesdropper& ear_;
  std::string partial_;
  std::size_t chunk_ = 0;  // bytes of a BDAT chunk still to come
  bool in_data_ = false;
  bool sealed_ = false;
};

}  // namespace pawl::lab

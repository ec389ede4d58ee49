// HTTP/1.1 messages as values, and their codec: bytes in, a message out. Pure; Beast is behind it,
// in one file. One message per connection: we ask once and close (policy fetch), or answer once and
// close (metrics, the lab's policy hosts). rfc9112#2.
// Errors of the readers: Code::syntax, Code::too_large, Code::connection_lost (ended too early).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limits.h"

namespace pawl::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";
  std::vector<Header> headers;
  std::string body;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
};

// The first header of that name, nullptr if there is none. Names compare without case.
const std::string* find(const std::vector<Header>& headers, std::string_view name);

// "text/plain; charset=utf-8" is "text/plain": without parameters and in lower case.
std::string media_type(std::string_view content_type);

// Adds Content-Length (where a body is due) and "Connection: close". Headers must not hold line
// ends: they are ours, never the other side's.
std::string serialize(const Request& request);
std::string serialize(const Response& response);

struct Limits {
  std::size_t header_bytes = limits::kHttpHeaderBytes;
  std::size_t body_bytes = limits::kStsPolicyBytes;
};

class ResponseReader {
 public:
  explicit ResponseReader(Limits limits = {});
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;

  Result<> feed(std::string_view bytes);  // bytes behind the message are ignored
  Result<> finish();  // the other side closed: ends a body without a length, else an error
  bool done() const;
  Response take();  // once, when done()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class RequestReader {
 public:
  explicit RequestReader(Limits limits = {});
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;

  Result<> feed(std::string_view bytes);
  bool done() const;
  Request take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pawl::http

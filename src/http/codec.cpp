#include "http/codec.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.h"

namespace pawl::http {

namespace beast = boost::beast::http;
using boost::beast::error_code;

namespace {

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// A Beast parser fed piece by piece: it wants what it did not take again, with more behind it.
template <bool kRequest>
class Parser {
 public:
  explicit Parser(Limits limits) {
    parser_.eager(true);
    parser_.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser_.body_limit(limits.body_bytes);
  }

  Result<> feed(std::string_view bytes) {
    if (parser_.is_done()) return {};
    pending_ += bytes;
    while (!parser_.is_done() && !pending_.empty()) {
      error_code error;
      std::size_t taken = parser_.put(boost::asio::buffer(pending_), error);
      pending_.erase(0, taken);
      if (error == beast::error::need_more) return {};
      TRY_VOID(check(error));
      if (taken == 0) return {};
    }
    return {};
  }

  Result<> finish() {
    if (parser_.is_done()) return {};
    if (!parser_.got_some()) return fail(Code::connection_lost, "before any HTTP message came");
    error_code error;
    parser_.put_eof(error);
    return check(error);
  }

  bool done() const { return parser_.is_done(); }
  beast::message<kRequest, beast::string_body> take() { return parser_.release(); }

  static std::vector<Header> headers(const beast::fields& fields) {
    std::vector<Header> list;
    for (const auto& field : fields) {
      list.push_back({std::string(view(field.name_string())), std::string(view(field.value()))});
    }
    return list;
  }

 private:
  static Result<> check(const error_code& error) {
    if (!error) return {};
    std::string what = "HTTP: " + error.message();
    if (error == beast::error::header_limit || error == beast::error::body_limit) {
      return fail(Code::too_large, what);
    }
    if (error == beast::error::partial_message) return fail(Code::connection_lost, what);
    return fail(Code::syntax, what);
  }

  beast::parser<kRequest, beast::string_body> parser_;
  std::string pending_;
};

void write_headers(std::string& text, const std::vector<Header>& headers) {
  for (const Header& header : headers) text += header.name + ": " + header.value + "\r\n";
}

}  // namespace

const std::string* find(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) return &header.value;
  }
  return nullptr;
}

std::string media_type(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string serialize(const Request& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  write_headers(text, request.headers);
  if (!request.body.empty()) {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "Connection: close\r\n\r\n" + request.body;
}

std::string serialize(const Response& response) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " +
                     std::string(view(beast::obsolete_reason(
                         beast::int_to_status(static_cast<unsigned>(response.status))))) +
                     "\r\n";
  write_headers(text, response.headers);
  return text + "Content-Length: " + std::to_string(response.body.size()) +
         "\r\nConnection: close\r\n\r\n" + response.body;
}

struct ResponseReader::State {
  Parser<false> parser;
};
ResponseReader::ResponseReader(Limits limits) : state_(new State{Parser<false>(limits)}) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
Result<> ResponseReader::feed(std::string_view bytes) {
  return state_->parser.feed(bytes);
}
Result<> ResponseReader::finish() {
  return state_->parser.finish();
}
bool ResponseReader::done() const {
  return state_->parser.done();
}
Response ResponseReader::take() {
  auto message = state_->parser.take();
  return {static_cast<int>(message.result_int()), Parser<false>::headers(message),
          std::move(message.body())};
}

struct RequestReader::State {
  Parser<true> parser;
};
RequestReader::RequestReader(Limits limits) : state_(new State{Parser<true>(limits)}) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
Result<> RequestReader::feed(std::string_view bytes) {
  return state_->parser.feed(bytes);
}
bool RequestReader::done() const {
  return state_->parser.done();
}
Request RequestReader::take() {
  auto message = state_->parser.take();
  return {std::string(view(message.method_string())), std::string(view(message.target())),
          Parser<true>::headers(message), std::move(message.body())};
}

}  // namespace pawl::http

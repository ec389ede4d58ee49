#include "http/codec.h"

#include <gtest/gtest.h>

namespace pawl::http {
namespace {

Result<Response> read(std::string_view bytes, bool closed = false, Limits limits = {}) {
  ResponseReader reader(limits);
  for (char c : bytes) TRY_VOID(reader.feed(std::string_view(&c, 1)));  // worst case: byte by byte
  if (closed) TRY_VOID(reader.finish());
  if (!reader.done()) return fail(Code::timeout, "not done");
  return reader.take();
}

TEST(ResponseReader, ReadsAResponseWithALength) {
  auto r = read(
      "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nContent-Length: "
      "5\r\n\r\nhello");
  ASSERT_TRUE(r) << r.error().sentence();
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->body, "hello");
  ASSERT_TRUE(find(r->headers, "content-type"));
  EXPECT_EQ(media_type(*find(r->headers, "content-type")), "text/plain");
  EXPECT_EQ(find(r->headers, "location"), nullptr);
}

TEST(ResponseReader, ReadsChunksAndBodiesThatEndWithTheConnection) {
  auto chunked =
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  ASSERT_TRUE(chunked) << chunked.error().sentence();
  EXPECT_EQ(chunked->body, "hello");
  auto until_eof = read("HTTP/1.0 200 OK\r\n\r\nhello", true);
  ASSERT_TRUE(until_eof) << until_eof.error().sentence();
  EXPECT_EQ(until_eof->body, "hello");
}

TEST(ResponseReader, ACutBodyIsNotABody) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", true).error().code,
            Code::connection_lost);
  EXPECT_EQ(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell", true).error().code,
      Code::connection_lost);
  EXPECT_EQ(read("", true).error().code, Code::connection_lost);
}

TEST(ResponseReader, LimitsHeaderAndBodyHoweverTheyCome) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n").error().code, Code::too_large);
  EXPECT_EQ(read("HTTP/1.0 200 OK\r\n\r\n" + std::string(65537, 'a')).error().code,
            Code::too_large);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n" +
                 std::string(65537, 'a'))
                .error()
                .code,
            Code::too_large);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'a')).error().code, Code::too_large);
}

TEST(ResponseReader, RefusesWhatIsNoHttp) {
  EXPECT_EQ(read("SSH-2.0-OpenSSH_9.2\r\n\r\n").error().code, Code::syntax);
  EXPECT_EQ(read("HTTP/1.1 2000 OK\r\n\r\n").error().code, Code::syntax);
  EXPECT_EQ(
      read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab").error().code,
      Code::syntax);
}

TEST(RequestReader, ReadsWhatSerializeWrites) {
  RequestReader reader;
  ASSERT_TRUE(reader.feed(serialize(
      Request{"GET", "/.well-known/mta-sts.txt", {{"Host", "mta-sts.example.org"}}, ""})));
  ASSERT_TRUE(reader.done());
  Request request = reader.take();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/.well-known/mta-sts.txt");
  EXPECT_EQ(*find(request.headers, "HOST"), "mta-sts.example.org");
}

TEST(Serialize, AResponseIsReadBackAsItWas) {
  auto back = read(serialize(Response{404, {{"Content-Type", "text/plain"}}, "no such page"}));
  ASSERT_TRUE(back) << back.error().sentence();
  EXPECT_EQ(back->status, 404);
  EXPECT_EQ(back->body, "no such page");
}

}  // namespace
}  // namespace pawl::http

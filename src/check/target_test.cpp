#include "check/target.h"

#include <gtest/gtest.h>

namespace pawl::check {
namespace {

TEST(Target, a_bare_name_is_a_mail_domain) {
  auto target = parse_target(" Example.ORG ");
  ASSERT_TRUE(target.has_value()) << target.error().sentence();
  EXPECT_EQ(target->domain->text(), "example.org");
  EXPECT_FALSE(target->host);
  EXPECT_EQ(target->text, "Example.ORG");
}

TEST(Target, a_scheme_names_protocol_port_and_implicit_tls) {
  struct Row {
    std::string_view text;
    starttls::Protocol protocol;
    bool implicit_tls;
    std::string_view host;
    std::uint16_t port;
  };
  const Row rows[] = {
      {"imap://mail.example.org", starttls::Protocol::imap, false, "mail.example.org", 143},
      {"imaps://mail.example.org/", starttls::Protocol::imap, true, "mail.example.org", 993},
      {"POP3S://mail.example.org", starttls::Protocol::pop3, true, "mail.example.org", 995},
      {"smtp://mx1.example.org:587", starttls::Protocol::smtp, false, "mx1.example.org", 587},
      {"submissions://m.example.org", starttls::Protocol::submission, true, "m.example.org", 465},
      {"smtp://[192.0.2.1]", starttls::Protocol::smtp, false, "192.0.2.1", 25},
      {"sieve://[2001:db8::1]:4190", starttls::Protocol::sieve, false, "2001:db8::1", 4190},
      {"smtp://192.0.2.1:2525", starttls::Protocol::smtp, false, "192.0.2.1", 2525},
  };
  for (const Row& row : rows) {
    auto target = parse_target(row.text);
    ASSERT_TRUE(target.has_value()) << row.text << ": " << target.error().sentence();
    ASSERT_TRUE(target->host) << row.text;
    EXPECT_FALSE(target->domain);
    EXPECT_EQ(target->host->protocol, row.protocol) << row.text;
    EXPECT_EQ(target->host->implicit_tls, row.implicit_tls) << row.text;
    EXPECT_EQ(target->host->host, row.host) << row.text;
    EXPECT_EQ(target->host->port, row.port) << row.text;
  }
}

TEST(Target, what_is_wrong_is_refused_with_what_would_be_right) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"gopher://example.org", "imaps://"},
      {"user@example.org", "behind the @"},
      {"mail.example.org:143", "smtp://"},
      {"192.0.2.1", "smtp://"},
      {"smtp://", "no host"},
      {"smtp://mx:0", "1 to 65535"},
      {"smtp://mx:70000", "1 to 65535"},
      {"smtp://[mx.example.org]", "no address"},
      {"smtp://[192.0.2.1", "no host"},
      {"", "no domain name"},
      {"two words", "no domain name"},
      {"imap://mail.example.org/INBOX", "write imap://mail.example.org"},
  };
  for (const auto& [text, part] : rows) {
    auto target = parse_target(text);
    ASSERT_FALSE(target.has_value()) << text;
    EXPECT_EQ(target.error().code, Code::invalid_argument);
    EXPECT_NE(target.error().detail.find(part), std::string::npos) << target.error().detail;
  }
}

TEST(TargetList, has_comments_and_names_the_line_that_is_wrong) {
  auto targets = parse_target_list("# ours\r\nexample.org\n\nimaps://m.example.org # users\n", "f");
  ASSERT_TRUE(targets.has_value()) << targets.error().sentence();
  ASSERT_EQ(targets->size(), 2U);
  EXPECT_EQ((*targets)[1].text, "imaps://m.example.org");
  auto wrong = parse_target_list("example.org\na b\n", "targets.txt");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_TRUE(wrong.error().detail.starts_with("targets.txt:2: ")) << wrong.error().detail;
}

}  // namespace
}  // namespace pawl::check

// `pawl explain`, the program itself, about destinations of the lab: what it says, its exit status,
// and that no mail host is ever connected to.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/child.h"
#include "lab/destination.h"
#include "lab/namespace.h"

namespace pawl::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Explain : public ::testing::Test {
 protected:
  // Everything it said, and "exit N" in the last line.
  std::string explain(const std::string& name, const std::string& options = {}) {
    auto entered = enter_namespace();
    EXPECT_TRUE(entered) << entered.error().sentence();
    auto world = World::make();
    EXPECT_TRUE(world) << world.error().sentence();
    auto destination = build(**world, *find_destination(name), "site");
    EXPECT_TRUE(destination) << destination.error().sentence();
    auto started = (*world)->start();
    EXPECT_TRUE(started) << started.error().sentence();
    domain_ = destination->domain;
    auto file = configure(**world);
    auto said = run_program({"/bin/sh", "-c",
                             fmt::format("{} explain -c {} {} {} 2>&1; echo exit $?", PAWL_PROGRAM,
                                         file, options, domain_)},
                            "/");
    EXPECT_TRUE(said) << said.error().sentence();
    for (const MailHost* host : destination->hosts) {
      EXPECT_EQ(host->path.connections(), 0) << "a mail host was connected to";
    }
    return said ? *said : "";
  }
  std::string domain_;

 private:
  static std::string configure(const World& world) {
    std::string text = fmt::format(
        "hostname = \"relay.sender.test\"\nstore = \"sqlite:{}\"\n"
        "[dns]\ntrust_anchor = \"{}\"\n[mta_sts]\nprivate_networks = [\"127.0.0.0/8\"]\n"
        "[tls]\nca_file = \"{}\"\n",
        world.scratch().file("explain.db"), world.trust_anchor_file(), world.ca_file());
    for (const dns::Name& zone : world.zone_names()) {
      text += fmt::format("[[dns.stub]]\nzone = \"{}\"\nservers = [\"{}\"]\n",
                          zone.is_root() ? "." : zone.text(), world.dns_endpoint().text());
    }
    auto file = world.scratch().write("explain.toml", text);
    EXPECT_TRUE(file) << file.error().sentence();
    return file ? *file : "";
  }
};

TEST_F(Explain, ADaneDomainIsAuthenticatedByItsTlsaRecord) {
  EXPECT_THAT(explain("dane-ee"),
              AllOf(HasSubstr("proved by TLSA 3 1 1"), HasSubstr("demanded by dane"),
                    HasSubstr("not a byte of mail is sent to this host"), HasSubstr("exit 0\n")));
}

TEST_F(Explain, AnMtaStsDomainIsAuthenticatedByItsCertificate) {
  EXPECT_THAT(explain("sts-enforce"),
              AllOf(HasSubstr("a trusted certificate for mx"), HasSubstr("demanded by mta-sts"),
                    HasSubstr("mode enforce"), HasSubstr("exit 0\n")));
}

TEST_F(Explain, WherePromisesAreNoneClearTextIsSaidToBePossible) {
  EXPECT_THAT(
      explain("opportunistic"),
      AllOf(HasSubstr("nothing; TLS is taken if it is offered"),
            HasSubstr("mail is sent in clear, and that is recorded"), HasSubstr("exit 0\n")));
}

TEST_F(Explain, ABogusDomainCannotGetMailNowAndTheStatusSaysSo) {
  EXPECT_THAT(explain("dane-bogus"), AllOf(HasSubstr("Skipped: "), HasSubstr("Mail cannot leave"),
                                           Not(HasSubstr("exit 0")), HasSubstr("exit 75\n")));
}

TEST_F(Explain, JsonSaysTheSameToAProgram) {
  EXPECT_THAT(explain("dane-ee", "--json"),
              AllOf(HasSubstr("\"tls\": \"required\""), HasSubstr("\"state\": \"usable\""),
                    HasSubstr("\"impossible\": null"), HasSubstr("exit 0\n")));
}

TEST_F(Explain, JsonOfABogusDomainHasTheCode) {
  EXPECT_THAT(explain("dane-bogus", "--json"),
              AllOf(HasSubstr("\"code\": "), HasSubstr("exit 75\n")));
}

}  // namespace
}  // namespace pawl::lab

// Debian's Dovecot: IMAP, POP3, ManageSieve, LMTP and submission of one mail store on their own
// ports of one loopback address, the implicit-TLS ports as well. After mount_peers().
//
// Dovecot takes a client with the server's own address for a secure one, TLS or not: look at it
// from another address (kElsewhere).
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>

#include "lab/scratch.h"
#include "tests/interop/daemon.h"

namespace pawl::interop {

inline constexpr uid_t kDovecotUser = 65504;
inline constexpr uid_t kDovecotLoginUser = 65505;
inline constexpr uid_t kDovecotMailUser = 65506;

inline const IpAddress kElsewhere = IpAddress::v4(127, 0, 0, 9);

class Dovecot {
 public:
  // user alice, password kPassword
  static constexpr const char* kUser = "alice";
  static constexpr const char* kPassword = "wonderland-7";

  struct Options {
    std::string name;  // of its private directory
    std::string hostname;
    IpAddress address;
    Identity identity;                  // nothing: no TLS, and logins in clear are taken
    std::optional<Identity> alternate;  // the same with another kind of key
    std::optional<Endpoint> relay;      // where submission hands mail on to
    std::vector<std::string> settings;  // further lines of dovecot.conf
  };
  static Result<std::unique_ptr<Dovecot>> start(const lab::Scratch& scratch, Options options);

  std::string log() const;
  std::vector<std::string> delivered() const;  // the user's messages, by LMTP or APPEND
  // A socket for Postfix's smtpd_sasl_path.
  std::string auth_socket() const { return directory_ + "/run/auth-for-postfix"; }

 private:
  Dovecot(lab::Child master, std::string directory)
      : master_(std::move(master)), directory_(std::move(directory)) {}
  lab::Child master_;
  std::string directory_;
};

}  // namespace pawl::interop

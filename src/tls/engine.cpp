#include "tls/engine.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "tls/context.h"
#include "tls/verify.h"

namespace pawl::tls {

namespace {

// What a handshake under demands must reach: 80 bits, so no SHA-1 signatures and no export keys.
// PKIX asks for more (verify.cpp); opportunistic TLS asks for nothing (rfc7435#3).
constexpr int kDemandedSecurityLevel = 1;

constexpr std::size_t kRecord = std::size_t{16} * 1024;  // plaintext of the largest TLS record

BIO_METHOD* buffer_method();

class OpensslEngine final : public Engine {
 public:
  // A server, or a client without demands.
  OpensslEngine(std::shared_ptr<const void> keep, SSL_CTX* context)
      : keep_(std::move(keep)), ssl_(SSL_new(context)) {
    BIO* bio = BIO_new(buffer_method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
  }

  // OpenSSL would spoil the session of a connection that ends without close_notify; that has not
  // been asked for since TLS 1.1 (rfc5246#7.2.1), and mail servers end so all the time.
  ~OpensslEngine() override {
    if (state_ == State::open) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);
  }

  Result<> start_client(std::shared_ptr<ClientContext> context, const ClientProfile& profile,
                        std::string_view peer);
  void start_server() { SSL_set_accept_state(ssl_.get()); }

  State state() const override { return state_; }
  void feed(std::string_view ciphertext) override;
  std::string take() override { return std::exchange(outgoing_, {}); }
  void write(std::string_view plaintext) override;
  std::string read() override { return std::exchange(plaintext_, {}); }
  void close() override;
  const Error& error() const override { return error_; }
  const Description& description() const override { return description_; }
  std::optional<std::uint8_t> alert() const override { return alert_; }

  // For the BIO.
  std::string_view incoming;
  std::string outgoing_;

  bool wants_dane() const { return profile_.dane.has_value(); }
  bool keep_session(SSL_SESSION* session);

 private:
  void drive();
  void handshake_done();
  void failed(int result);
  void describe_negotiation();
  void describe_peer();
  void describe_dane(STACK_OF(X509) * chain);
  void store(SessionPointer session);
  Result<> set_dane(const DaneDemand& demand);

  std::shared_ptr<const void> keep_;
  std::shared_ptr<ClientContext> client_;  // null: a server
  ClientProfile profile_;
  std::string session_key_;  // empty: no resumption
  std::optional<ResumableSession> offered_;
  SessionPointer early_session_;  // TLS 1.2 gives it before the handshake is described
  std::shared_ptr<const Description> proof_;
  WallTime proof_until_{};
  SslPointer ssl_;
  std::string plaintext_;
  State state_ = State::handshaking;
  Error error_{Code::internal, "the TLS engine has not failed"};
  std::optional<std::uint8_t> alert_;
  std::optional<Error> dane_unusable_;
  Description description_;
};

OpensslEngine& engine_of(BIO* bio) {
  return *static_cast<OpensslEngine*>(BIO_get_data(bio));
}

// A BIO over the engine's own strings: OpenSSL reads straight from what feed() was given and
// appends to what take() gives away, and an idle connection holds no buffer at all.
int buffer_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  std::string_view& incoming = engine_of(bio).incoming;
  if (incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const auto count = std::min(incoming.size(), static_cast<std::size_t>(std::max(size, 0)));
  std::memcpy(into, incoming.data(), count);
  incoming.remove_prefix(count);
  return static_cast<int>(count);
}

int buffer_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  engine_of(bio).outgoing_.append(from, static_cast<std::size_t>(std::max(size, 0)));
  return size;
}

long buffer_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* buffer_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pawl");
    BIO_meth_set_read(made, buffer_read);
    BIO_meth_set_write(made, buffer_write);
    BIO_meth_set_ctrl(made, buffer_control);
    return made;
  }();
  return method;
}

Result<> OpensslEngine::set_dane(const DaneDemand& demand) {
  // The base domain is the first reference name of DANE-TA, and the SNI if none was set.
  if (SSL_dane_enable(ssl_.get(), demand.base_domain.c_str()) != 1) {
    return fail(Code::invalid_argument,
                "the TLSA base domain " + demand.base_domain + ": " + take_openssl_error());
  }
  // rfc7672#3.2.3: a wildcard is a whole label. The CN counts where there are no DNS-IDs.
  SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  for (const std::string& name : demand.other_names) SSL_add1_host(ssl_.get(), name.c_str());
  int usable = 0;
  for (const dns::Tlsa& record : demand.records) {
    // rfc7672#3.1.3: PKIX-TA(0) and PKIX-EE(1) are unusable in SMTP, though OpenSSL takes them.
    if (record.usage != 2 && record.usage != 3) continue;
    usable += SSL_dane_tlsa_add(ssl_.get(), record.usage, record.selector, record.matching_type,
                                reinterpret_cast<const unsigned char*>(record.data.data()),
                                record.data.size()) > 0;
  }
  ERR_clear_error();
  if (usable == 0) dane_unusable_.emplace(Code::tlsa_invalid, "of " + demand.base_domain);
  return {};
}

Result<> OpensslEngine::start_client(std::shared_ptr<ClientContext> context,
                                     const ClientProfile& profile, std::string_view peer) {
  client_ = std::move(context);
  profile_ = profile;
  ERR_clear_error();
  SSL* ssl = ssl_.get();
  if (!profile.sni.empty() && SSL_set_tlsext_host_name(ssl, profile.sni.c_str()) != 1) {
    return fail(Code::invalid_argument,
                "the server name " + profile.sni + ": " + take_openssl_error());
  }
  SSL_set_min_proto_version(ssl, to_openssl(profile.floor()));
  SSL_set_max_proto_version(ssl, to_openssl(profile.max_version));
  if (profile.certificate_kind != CertificateKind::any) {
    TRY_VOID(ask_for(ssl, profile.certificate_kind));
  }
  if (profile.ask_ocsp) SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
  if (profile.authenticated()) SSL_set_security_level(ssl, kDemandedSecurityLevel);
  if (profile.dane) TRY_VOID(set_dane(*profile.dane));
  if (const std::string alpn = alpn_wire(profile.alpn); !alpn.empty()) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
                        static_cast<unsigned int>(alpn.size()));
  }
  X509_VERIFY_PARAM_set_time(
      SSL_get0_param(ssl), std::chrono::floor<Seconds>(client_->now()).time_since_epoch().count());
  if (client_->sessions() && !peer.empty()) {
    session_key_ = profile.key() + '@' + std::string(peer);
    offered_ = client_->sessions()->find(session_key_, client_->now());
    if (offered_) SSL_set_session(ssl, offered_->session.get());
  }
  SSL_set_connect_state(ssl);
  drive();
  if (state_ == State::failed) return fail(error_);
  return {};
}

void OpensslEngine::feed(std::string_view ciphertext) {
  if (state_ == State::closed || state_ == State::failed) return;
  incoming = ciphertext;
  drive();
  incoming = {};  // OpenSSL has taken it all, or the session is over
}

void OpensslEngine::drive() {
  ERR_clear_error();
  if (state_ == State::handshaking) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1) {
      if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) failed(result);
      return;
    }
    handshake_done();
  }
  while (true) {
    const std::size_t have = plaintext_.size();
    std::size_t count = 0;
    int result = 0;
    plaintext_.resize_and_overwrite(have + kRecord, [&](char* buffer, std::size_t) {
      result = SSL_read_ex(ssl_.get(), buffer + have, kRecord, &count);
      return have + (result == 1 ? count : 0);
    });
    if (result == 1) continue;
    if (plaintext_.empty()) plaintext_ = std::string();  // an idle connection holds no buffer
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) {
      state_ = State::closed;
    } else if (error != SSL_ERROR_WANT_READ) {
      failed(result);
    }
    return;
  }
}

void OpensslEngine::failed(int result) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  Code code = state_ == State::handshaking ? Code::tls_handshake : Code::connection_lost;
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    if (reason > SSL_AD_REASON_OFFSET) {
      alert_ = static_cast<std::uint8_t>(reason - SSL_AD_REASON_OFFSET);
    }
    if (state_ == State::handshaking &&
        (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
         reason == SSL_R_NO_PROTOCOLS_AVAILABLE || reason == SSL_R_VERSION_TOO_LOW)) {
      code = Code::tls_version;
    }
  }
  std::string detail = alert_ ? "the other side answered with an alert: " : "";
  if (error == 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_SYSCALL) {
    detail += "the TLS session was cut off";
  }
  error_ = Error(code, detail + take_openssl_error());
  state_ = State::failed;
}

void OpensslEngine::write(std::string_view plaintext) {
  if (state_ != State::open) return;
  ERR_clear_error();
  while (!plaintext.empty()) {
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &count);
    if (result != 1) return failed(result);
    plaintext.remove_prefix(count);
  }
}

void OpensslEngine::close() {
  if (state_ == State::open) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // queues close_notify; the peer's own is not waited for
    ERR_clear_error();
  }
  if (state_ != State::failed) state_ = State::closed;
}

void OpensslEngine::handshake_done() {
  state_ = State::open;
  describe_negotiation();
  if (!client_) return;
  if (description_.resumed && offered_) {
    // rfc8446#4.6.1: no certificate comes again. What was proved stands as it was proved: the key
    // of the session holds every demand, so the question was the same.
    const Description& before = *offered_->proof;
    description_.chain = before.chain;
    description_.ocsp = before.ocsp;
    description_.dane = before.dane;
    description_.pkix = before.pkix;
    description_.pkix_observed = before.pkix_observed;
    description_.fingerprint = before.fingerprint;
    description_.matched_tlsa = before.matched_tlsa;
    description_.matched_name = before.matched_name;
    proof_until_ = offered_->usable_until;
  } else {
    describe_peer();
    proof_until_ = usable_until(description_, client_->now());
  }
  offered_.reset();
  if (!session_key_.empty() && judge(profile_, description_)) {
    proof_ = std::make_shared<const Description>(description_);
    if (early_session_) store(std::move(early_session_));
  }
}

void OpensslEngine::describe_negotiation() {
  SSL* ssl = ssl_.get();
  switch (SSL_version(ssl)) {
    case TLS1_VERSION:
      description_.version = Version::tls1_0;
      break;
    case TLS1_1_VERSION:
      description_.version = Version::tls1_1;
      break;
    case TLS1_2_VERSION:
      description_.version = Version::tls1_2;
      break;
    default:
      description_.version = Version::tls1_3;
      break;
  }
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  const char* suite = cipher ? SSL_CIPHER_standard_name(cipher) : nullptr;
  description_.cipher_suite = suite ? suite : "unknown";
  const int exchange = cipher ? SSL_CIPHER_get_kx_nid(cipher) : NID_undef;
  description_.forward_secrecy =
      description_.version == Version::tls1_3 || exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
  if (const long group = SSL_get_negotiated_group(ssl); group != NID_undef) {
    const char* name = SSL_group_to_name(ssl, static_cast<int>(group));
    description_.group = name ? name : OBJ_nid2sn(static_cast<int>(group));
  }
  description_.resumed = SSL_session_reused(ssl) == 1;
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn) description_.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
}

void OpensslEngine::describe_peer() {
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    description_.chain.push_back(
        describe_certificate(sk_X509_value(chain, i), profile_.keep_chain));
  }
  if (profile_.ask_ocsp) {
    const unsigned char* response = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(ssl_.get(), &response);
    description_.ocsp = describe_ocsp(
        {reinterpret_cast<const char*>(response), static_cast<std::size_t>(response ? size : 0)},
        chain, client_->now());
  }
  const auto demanded = [&](const auto& verify) -> Result<> {
    if (description_.chain.empty()) {
      return fail(Code::certificate_invalid, "the host sent no certificate");
    }
    return verify(description_.chain.front());
  };
  const auto pkix = [&](const PkixDemand& demand) {
    return demanded([&](const Certificate& leaf) {
      return verify_pkix(client_->anchors(), chain, leaf, demand, client_->now(),
                         &description_.matched_name);
    });
  };
  if (profile_.dane) describe_dane(chain);
  if (profile_.pkix) description_.pkix = pkix(*profile_.pkix);
  if (profile_.pkix_observed) description_.pkix_observed = pkix(*profile_.pkix_observed);
  if (!profile_.fingerprints.empty()) {
    description_.fingerprint = demanded(
        [&](const Certificate& leaf) { return verify_fingerprint(leaf, profile_.fingerprints); });
  }
}

void OpensslEngine::describe_dane(STACK_OF(X509) * chain) {
  SSL* ssl = ssl_.get();
  if (dane_unusable_) {
    description_.dane = fail(*dane_unusable_);
    return;
  }
  if (sk_X509_num(chain) <= 0) {
    description_.dane = fail(Code::certificate_invalid, "the host sent no certificate");
    return;
  }
  const long error = SSL_get_verify_result(ssl);
  if (error != X509_V_OK) {
    const Certificate& leaf = description_.chain.front();
    description_.dane = fail(verification_error(
        static_cast<int>(error), profile_.dane->base_domain + " sent " + leaf.subject +
                                     " (SHA-256 of its key " + leaf.spki_sha256 + ")"));
    return;
  }
  dns::Tlsa matched;
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_get0_dane_tlsa(ssl, &matched.usage, &matched.selector, &matched.matching_type, &data,
                         &size) < 0) {
    description_.dane = fail(Code::tlsa_mismatch, "no TLSA record was matched");
    return;
  }
  matched.data.assign(reinterpret_cast<const char*>(data), size);
  description_.matched_tlsa = std::move(matched);
  if (const char* name = SSL_get0_peername(ssl)) description_.matched_name = name;
  description_.dane.emplace();
}

bool OpensslEngine::keep_session(SSL_SESSION* session) {
  if (session_key_.empty() || SSL_SESSION_is_resumable(session) != 1) return false;
  if (state_ == State::handshaking) {
    early_session_.reset(session);
    return true;
  }
  if (!proof_) return false;  // what failed once is not shortened the next time
  store(SessionPointer(session));
  return true;
}

void OpensslEngine::store(SessionPointer session) {
  client_->sessions()->put(session_key_, {std::move(session), proof_, proof_until_});
}

}  // namespace

// DANE is decided here, while OpenSSL holds the records; PKIX afterwards from the sent chain, so
// that both outcomes are known when both are asked for. Neither ends the handshake.
int verify_during_handshake(X509_STORE_CTX* context, void*) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* engine = static_cast<const OpensslEngine*>(SSL_get_app_data(ssl));
  return engine->wants_dane() ? X509_verify_cert(context) : 1;
}

int keep_new_session(SSL* ssl, SSL_SESSION* session) {
  return static_cast<OpensslEngine*>(SSL_get_app_data(ssl))->keep_session(session) ? 1 : 0;
}

Result<std::unique_ptr<Engine>> make_client_engine(const std::shared_ptr<ClientContext>& context,
                                                   const ClientProfile& profile,
                                                   std::string_view peer) {
  auto engine = std::make_unique<OpensslEngine>(context, context->get());
  TRY_VOID(engine->start_client(context, profile, peer));
  return engine;
}

Result<std::unique_ptr<Engine>> make_server_engine(const std::shared_ptr<ServerContext>& context) {
  auto engine = std::make_unique<OpensslEngine>(context, context->context.get());
  engine->start_server();
  return engine;
}

}  // namespace pawl::tls

#include "pkcs11/token.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include <array>
#include <vector>

#include "crypto/sha256.h"

namespace fb::pkcs11 {
namespace {

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, Free>>;
using Uri = Owned<P11KitUri, p11_kit_uri_free>;

// Curves as PKCS#11 names them: DER of the object identifier, or of the printable name.
constexpr std::array<unsigned char, 10> kP256{0x06, 0x08, 0x2A, 0x86, 0x48,
                                              0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::array<unsigned char, 14> kEd25519{0x13, 0x0C, 'e', 'd', 'w', 'a', 'r',
                                                 'd',  's',  '2', '5', '5', '1', '9'};
constexpr std::size_t kPoint = 65;  // 4, x, y
constexpr CK_ULONG kTokens = 64;    // more than anybody plugs in

Error failed(std::string_view doing, CK_RV code) {
  const bool pin = code == CKR_PIN_INCORRECT || code == CKR_PIN_LOCKED || code == CKR_PIN_INVALID ||
                   code == CKR_PIN_LEN_RANGE;
  const bool gone = code == CKR_DEVICE_REMOVED || code == CKR_TOKEN_NOT_PRESENT;
  const bool cannot = code == CKR_MECHANISM_INVALID || code == CKR_CURVE_NOT_SUPPORTED ||
                      code == CKR_FUNCTION_NOT_SUPPORTED;
  const ErrorCode kind = pin      ? ErrorCode::unauthenticated
                         : gone   ? ErrorCode::unavailable
                         : cannot ? ErrorCode::unsupported
                                  : ErrorCode::io_failed;
  return {kind, std::string(doing) + ": " + p11_kit_strerror(code)};
}

Result<Uri> parse(std::string_view text) {
  Uri uri(p11_kit_uri_new());
  const int problem = p11_kit_uri_parse(std::string(text).c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (problem != P11_KIT_URI_OK) {
    return Error{ErrorCode::malformed, "'" + std::string(text) +
                                           "': " + p11_kit_uri_message(problem) +
                                           "; pkcs11:token=NAME;object=NAME is expected"};
  }
  return uri;
}

// Owns the modules, and with them the session and everything in it.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (session_ != 0) functions_->C_CloseSession(session_);
    if (single_ != nullptr) {
      p11_kit_module_finalize(single_);
      p11_kit_module_release(single_);
    }
    if (modules_ != nullptr) p11_kit_modules_finalize_and_release(modules_);
  }

  // Finds the token, opens it for writing, logs in.
  Status open(P11KitUri* uri, std::string_view pin) {
    FB_TRY(load(uri));
    FB_TRY(find_token(uri));
    CK_RV code = functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                           nullptr, &session_);
    if (code != CKR_OK) return failed("opening the token", code);
    std::string secret(pin);
    code = functions_->C_Login(session_, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(secret.data()),
                               secret.size());
    OPENSSL_cleanse(secret.data(), secret.size());
    if (code != CKR_OK && code != CKR_USER_ALREADY_LOGGED_IN)
      return failed("logging in to the token", code);
    return {};
  }

  // The one object of this class that the URI names. Errors: not_found, conflict (several).
  Result<CK_OBJECT_HANDLE> find(P11KitUri* uri, CK_OBJECT_CLASS cls) {
    CK_ULONG named = 0;
    const CK_ATTRIBUTE* attributes = p11_kit_uri_get_attributes(uri, &named);
    std::vector<CK_ATTRIBUTE> wanted;
    for (CK_ULONG i = 0; i < named; ++i) {
      if (attributes[i].type == CKA_LABEL || attributes[i].type == CKA_ID)
        wanted.push_back(attributes[i]);
    }
    wanted.push_back({CKA_CLASS, &cls, sizeof cls});
    CK_RV code = functions_->C_FindObjectsInit(session_, wanted.data(), wanted.size());
    if (code != CKR_OK) return failed("searching the token", code);
    std::array<CK_OBJECT_HANDLE, 2> found{};
    CK_ULONG count = 0;
    code = functions_->C_FindObjects(session_, found.data(), found.size(), &count);
    functions_->C_FindObjectsFinal(session_);
    if (code != CKR_OK) return failed("searching the token", code);
    if (count == 1) return found[0];
    if (count == 0) return Error{ErrorCode::not_found, "the token has no such key"};
    return Error{ErrorCode::conflict, "the token has several such keys; name one by object or id"};
  }

  Result<std::string> bytes_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE attribute{type, nullptr, 0};
    CK_RV code = functions_->C_GetAttributeValue(session_, object, &attribute, 1);
    if (code != CKR_OK || attribute.ulValueLen > 4096) return failed("reading the key", code);
    std::string value(attribute.ulValueLen, '\0');
    attribute.pValue = value.data();
    code = functions_->C_GetAttributeValue(session_, object, &attribute, 1);
    if (code != CKR_OK) return failed("reading the key", code);
    return value;
  }

  Result<std::string> sign(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE how, std::string message) {
    CK_MECHANISM mechanism{how, nullptr, 0};
    CK_RV code = functions_->C_SignInit(session_, &mechanism, key);
    if (code != CKR_OK) return failed("signing in the token", code);
    std::array<unsigned char, 64> out{};
    CK_ULONG length = out.size();
    code = functions_->C_Sign(session_, reinterpret_cast<CK_BYTE*>(message.data()), message.size(),
                              out.data(), &length);
    if (code != CKR_OK) return failed("signing in the token", code);
    return std::string(reinterpret_cast<const char*>(out.data()), length);
  }

  Status make_pair(P11KitUri* uri, crypto::KeyType type) {
    const bool edwards = type == crypto::KeyType::ed25519;
    CK_MECHANISM mechanism{
        static_cast<CK_MECHANISM_TYPE>(edwards ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN),
        nullptr, 0};
    std::string curve(edwards ? reinterpret_cast<const char*>(kEd25519.data())
                              : reinterpret_cast<const char*>(kP256.data()),
                      edwards ? kEd25519.size() : kP256.size());
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    std::vector<CK_ATTRIBUTE> open{{CKA_TOKEN, &yes, sizeof yes},
                                   {CKA_VERIFY, &yes, sizeof yes},
                                   {CKA_EC_PARAMS, curve.data(), curve.size()}};
    std::vector<CK_ATTRIBUTE> secret{{CKA_TOKEN, &yes, sizeof yes},
                                     {CKA_PRIVATE, &yes, sizeof yes},
                                     {CKA_SENSITIVE, &yes, sizeof yes},
                                     {CKA_EXTRACTABLE, &no, sizeof no},
                                     {CKA_SIGN, &yes, sizeof yes}};
    for (const CK_ATTRIBUTE_TYPE named : {CKA_LABEL, CKA_ID}) {
      const CK_ATTRIBUTE* given = p11_kit_uri_get_attribute(uri, named);
      if (given == nullptr) continue;
      open.push_back(*given);
      secret.push_back(*given);
    }
    CK_OBJECT_HANDLE half = 0, whole = 0;
    const CK_RV code = functions_->C_GenerateKeyPair(session_, &mechanism, open.data(), open.size(),
                                                     secret.data(), secret.size(), &half, &whole);
    return code == CKR_OK ? Status() : failed("making a key in the token", code);
  }

 private:
  Status load(P11KitUri* uri) {
    const char* path = p11_kit_uri_get_module_path(uri);
    if (path == nullptr) {
      modules_ = p11_kit_modules_load_and_initialize(0);
      if (modules_ != nullptr) return {};
      return Error{ErrorCode::io_failed, "p11-kit has no modules: " + message()};
    }
    CK_FUNCTION_LIST* module = p11_kit_module_load(path, 0);
    if (module == nullptr) return Error{ErrorCode::io_failed, std::string(path) + ": " + message()};
    const CK_RV code = p11_kit_module_initialize(module);
    if (code != CKR_OK) {
      p11_kit_module_release(module);
      return failed(path, code);
    }
    single_ = module;
    return {};
  }

  static std::string message() {
    const char* text = p11_kit_message();
    return text == nullptr ? "no reason given" : text;
  }

  // The first slot whose token is the one that the URI describes.
  Status find_token(P11KitUri* uri) {
    std::vector<CK_FUNCTION_LIST*> modules;
    if (single_ != nullptr) modules.push_back(single_);
    for (CK_FUNCTION_LIST** each = modules_; each != nullptr && *each != nullptr; ++each)
      modules.push_back(*each);
    for (CK_FUNCTION_LIST* module : modules) {
      std::array<CK_SLOT_ID, kTokens> slots{};
      CK_ULONG count = slots.size();
      if (module->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) continue;
      for (CK_ULONG i = 0; i < count; ++i) {
        CK_TOKEN_INFO token{};
        if (module->C_GetTokenInfo(slots.at(i), &token) != CKR_OK) continue;
        if (p11_kit_uri_match_token_info(uri, &token) != 1) continue;
        functions_ = module;
        slot_ = slots.at(i);
        return {};
      }
    }
    return Error{ErrorCode::not_found,
                 "no token that fits is plugged in; `p11-kit list-modules` shows which are"};
  }

  CK_FUNCTION_LIST** modules_ = nullptr;
  CK_FUNCTION_LIST* single_ = nullptr;
  CK_FUNCTION_LIST* functions_ = nullptr;
  CK_SLOT_ID slot_ = 0;
  CK_SESSION_HANDLE session_ = 0;
};

// The point inside its DER octet string, as tokens give it; some give it bare.
std::string point_of(const std::string& value, std::size_t length) {
  const bool wrapped = value.size() == length + 2 && value[0] == 0x04 &&
                       static_cast<unsigned char>(value[1]) == length;
  return wrapped ? value.substr(2) : value;
}

// SubjectPublicKeyInfo of a P-256 key, up to the point.
constexpr std::array<unsigned char, 26> kP256Head{
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
    0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

Result<crypto::PublicKey> p256_key(const std::string& point) {
  const std::string der =
      std::string(reinterpret_cast<const char*>(kP256Head.data()), kP256Head.size()) + point;
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Owned<EVP_PKEY, EVP_PKEY_free> key(
      point.size() == kPoint ? d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())) : nullptr);
  const Owned<BIO, BIO_free_all> memory(BIO_new(BIO_s_mem()));
  if (key == nullptr || PEM_write_bio_PUBKEY(memory.get(), key.get()) != 1)
    return Error{ErrorCode::malformed, "the token's public key is no point on P-256"};
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &data);
  return crypto::ecdsa_key(std::string(data, static_cast<std::size_t>(length)));
}

Result<crypto::PublicKey> public_half(Session& session, CK_OBJECT_HANDLE object) {
  FB_ASSIGN(const std::string curve, session.bytes_of(object, CKA_EC_PARAMS));
  FB_ASSIGN(const std::string value, session.bytes_of(object, CKA_EC_POINT));
  if (curve == std::string_view(reinterpret_cast<const char*>(kP256.data()), kP256.size()))
    return p256_key(point_of(value, kPoint));
  const std::string raw = point_of(value, 32);
  if (raw.size() == 32 && curve.find("edwards25519") != std::string::npos)
    return crypto::ed25519_key(raw);
  return Error{ErrorCode::unsupported,
               "the token's key is of another kind; Ed25519 and P-256 are "
               "known"};
}

// r and s, 32 bytes each, as the DER that TUF wants.
Result<std::string> to_der(const std::string& raw) {
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  if (raw.size() != 64 || signature == nullptr)
    return Error{ErrorCode::io_failed, "the token's signature has not 64 bytes"};
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(bytes, 32, nullptr),
                 BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return Error{ErrorCode::io_failed, "the token's signature cannot be encoded"};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

class TokenSigner final : public crypto::Signer {
 public:
  TokenSigner(std::unique_ptr<Session> session, CK_OBJECT_HANDLE object, crypto::PublicKey key)
      : session_(std::move(session)), object_(object), key_(std::move(key)) {}

  [[nodiscard]] const crypto::PublicKey& key() const override { return key_; }

  [[nodiscard]] Result<std::string> sign(std::string_view message) const override {
    if (key_.type == crypto::KeyType::ed25519)
      return session_->sign(object_, CKM_EDDSA, std::string(message));
    const Digest digest = crypto::sha256(message);
    FB_ASSIGN(const std::string raw,
              session_->sign(object_, CKM_ECDSA,
                             std::string(reinterpret_cast<const char*>(digest.bytes.data()),
                                         digest.bytes.size())));
    return to_der(raw);
  }

 private:
  std::unique_ptr<Session> session_;
  CK_OBJECT_HANDLE object_;
  crypto::PublicKey key_;
};

}  // namespace

Result<crypto::PublicKey> generate(std::string_view text, crypto::KeyType type,
                                   std::string_view pin) {
  if (type == crypto::KeyType::rsa_pss)
    return Error{ErrorCode::unsupported, "RSA keys are verified but not made; choose Ed25519"};
  FB_ASSIGN(const Uri uri, parse(text));
  if (p11_kit_uri_get_attribute(uri.get(), CKA_LABEL) == nullptr)
    return Error{ErrorCode::malformed, "name the new key: pkcs11:token=NAME;object=NAME"};
  Session session;
  FB_TRY(session.open(uri.get(), pin));
  if (session.find(uri.get(), CKO_PRIVATE_KEY).ok())
    return Error{ErrorCode::already_exists,
                 "the token has a key of that name; none is overwritten"};
  FB_TRY(session.make_pair(uri.get(), type));
  FB_ASSIGN(const CK_OBJECT_HANDLE half, session.find(uri.get(), CKO_PUBLIC_KEY));
  return public_half(session, half);
}

Result<std::unique_ptr<crypto::Signer>> open_signer(std::string_view text, std::string_view pin) {
  FB_ASSIGN(const Uri uri, parse(text));
  auto session = std::make_unique<Session>();
  FB_TRY(session->open(uri.get(), pin));
  FB_ASSIGN(const CK_OBJECT_HANDLE half, session->find(uri.get(), CKO_PUBLIC_KEY));
  FB_ASSIGN(crypto::PublicKey key, public_half(*session, half));
  FB_ASSIGN(const CK_OBJECT_HANDLE whole, session->find(uri.get(), CKO_PRIVATE_KEY));
  return std::unique_ptr<crypto::Signer>(
      std::make_unique<TokenSigner>(std::move(session), whole, std::move(key)));
}

}  // namespace fb::pkcs11

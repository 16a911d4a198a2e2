//! Passwords, keys and certificates: made with a host's chance, and checked by other means than they were made with.
// Helpers of tests may end a test as the tests themselves may; Clippy knows only the latter by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![cfg(feature = "crypto")]

use std::cell::Cell;

use gotemplate::{Host, HostError, Instant, KeyKind, Limits, TemplateSet, Value, sprig};
use p256::ecdsa::signature::Verifier;
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, SubjectAltName, SubjectKeyIdentifier,
};

struct Outside(Cell<u64>);

impl Host for Outside {
    fn now(&self) -> Result<Instant, HostError> {
        Ok(Instant {
            seconds: 1_700_000_000,
            nanoseconds: 0,
        })
    }

    fn random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        for byte in buffer {
            self.0.set(
                self.0
                    .get()
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            );
            *byte = (self.0.get() >> 33) as u8;
        }
        Ok(())
    }

    fn private_key(&self, kind: KeyKind) -> Result<Vec<u8>, HostError> {
        sprig::generate_key(kind, &mut |buffer| self.random(buffer))
    }
}

fn render(text: &str) -> String {
    let mut templates = TemplateSet::new(sprig::functions());
    templates.parse("t", text).unwrap();
    let mut out = Vec::new();
    templates
        .execute(
            &mut out,
            "t",
            Value::Nil,
            &Limits::default(),
            &Outside(Cell::new(7)),
        )
        .unwrap();
    String::from_utf8(out).unwrap()
}

fn certificates(text: &str) -> Vec<Certificate> {
    let pems = render(text);
    let parts = pems.split_inclusive("-----END CERTIFICATE-----\n");
    parts
        .map(|pem| Certificate::from_pem(pem).unwrap())
        .collect()
}

fn verify_ecdsa(certificate: &Certificate, issuer: &Certificate) {
    let key = issuer
        .tbs_certificate
        .subject_public_key_info
        .subject_public_key
        .raw_bytes();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).unwrap();
    let signature = p256::ecdsa::Signature::from_der(certificate.signature.raw_bytes()).unwrap();
    key.verify(&certificate.tbs_certificate.to_der().unwrap(), &signature)
        .unwrap();
}

#[test]
fn an_authority_signs_what_it_issues() {
    let both = certificates(
        r#"{{ $ca := genCAWithKey "my-ca" 30 (genPrivateKey "ecdsa") }}{{ $ca.Cert }}{{ (genSignedCertWithKey "leaf" (list "10.0.0.1" "::1") (list "a.example" "b.example") 10 $ca (genPrivateKey "ecdsa")).Cert }}"#,
    );
    let [authority, leaf] = both.try_into().unwrap();
    verify_ecdsa(&authority, &authority);
    verify_ecdsa(&leaf, &authority);
    let (ca, end) = (&authority.tbs_certificate, &leaf.tbs_certificate);
    assert_eq!(
        (ca.subject.to_string(), end.subject.to_string()),
        ("CN=my-ca".to_owned(), "CN=leaf".to_owned())
    );
    assert_eq!(end.issuer, ca.subject);
    assert_ne!(end.serial_number, ca.serial_number);
    assert!(ca.get::<BasicConstraints>().unwrap().unwrap().1.ca);
    assert!(!end.get::<BasicConstraints>().unwrap().unwrap().1.ca);
    let own = ca.get::<SubjectKeyIdentifier>().unwrap().unwrap().1;
    let named = end.get::<AuthorityKeyIdentifier>().unwrap().unwrap().1;
    assert_eq!(named.key_identifier, Some(own.0));
    let names = end.get::<SubjectAltName>().unwrap().unwrap().1.0;
    assert!(
        matches!(&names[..], [GeneralName::DnsName(_), GeneralName::DnsName(_), GeneralName::IpAddress(four), GeneralName::IpAddress(six)]
        if four.as_bytes() == [10, 0, 0, 1] && six.as_bytes().len() == 16)
    );
    let days = |days: u64| 1_700_000_000 + days * 86_400;
    assert_eq!(
        end.validity.not_before.to_unix_duration().as_secs(),
        days(0)
    );
    assert_eq!(
        end.validity.not_after.to_unix_duration().as_secs(),
        days(10)
    );
}

#[test]
fn rsa_is_what_sprig_makes_by_itself() {
    let [certificate] =
        certificates(r#"{{ (genSelfSignedCert "self" nil (list "s.example") 1).Cert }}"#)
            .try_into()
            .unwrap();
    use rsa::pkcs8::DecodePublicKey;
    let content = &certificate.tbs_certificate;
    let key =
        rsa::RsaPublicKey::from_public_key_der(&content.subject_public_key_info.to_der().unwrap())
            .unwrap();
    let key = rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(key);
    let signature = rsa::pkcs1v15::Signature::try_from(certificate.signature.raw_bytes()).unwrap();
    key.verify(&content.to_der().unwrap(), &signature).unwrap();
}

#[test]
fn ed25519_signs_too() {
    let [certificate] =
        certificates(r#"{{ (genCAWithKey "ed" 1 (genPrivateKey "ed25519")).Cert }}"#)
            .try_into()
            .unwrap();
    let content = &certificate.tbs_certificate;
    let key: [u8; 32] = content
        .subject_public_key_info
        .subject_public_key
        .raw_bytes()
        .try_into()
        .unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key).unwrap();
    let signature =
        ed25519_dalek::Signature::from_slice(certificate.signature.raw_bytes()).unwrap();
    key.verify(&content.to_der().unwrap(), &signature).unwrap();
}

#[test]
fn a_key_that_is_not_the_authoritys_cannot_sign() {
    let text = r#"{{ $ca := genCAWithKey "ca" 1 (genPrivateKey "ecdsa") }}{{ $other := genCAWithKey "other" 1 (genPrivateKey "ecdsa") }}{{ $mixed := buildCustomCert ($ca.Cert | b64enc) ($other.Key | b64enc) }}{{ genSignedCertWithKey "leaf" nil nil 1 $mixed $other.Key }}"#;
    let mut templates = TemplateSet::new(sprig::functions());
    templates.parse("t", text).unwrap();
    let error = templates
        .execute(
            &mut Vec::new(),
            "t",
            Value::Nil,
            &Limits::default(),
            &Outside(Cell::new(7)),
        )
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("x509: provided PrivateKey doesn't match parent's PublicKey"),
        "{error}"
    );
}

#[test]
fn keys_are_written_as_go_writes_them() {
    let pem = render(r#"{{ genPrivateKey "ecdsa" }}"#);
    let (label, der) = x509_cert::der::pem::decode_vec(pem.as_bytes()).unwrap();
    assert_eq!(label, "EC PRIVATE KEY");
    p256::SecretKey::from_sec1_der(&der).unwrap();
    assert_eq!(
        render(r#"{{ genPrivateKey "dsa" }}"#),
        "failed to generate private key: this host makes no such keys"
    );
}

#[test]
fn passwords_can_be_verified_and_texts_decrypted() {
    let entry = render(r#"{{ htpasswd "user" "secret" }}"#);
    let hash = entry.strip_prefix("user:").unwrap();
    assert!(bcrypt::verify("secret", hash).unwrap());
    assert!(!bcrypt::verify("wrong", hash).unwrap());
    assert_eq!(
        render(r#"{{ encryptAES "key" "some text of thirty-two bytes..." | decryptAES "key" }}"#),
        "some text of thirty-two bytes..."
    );
    assert_ne!(
        render(r#"{{ encryptAES "key" "x" }}"#),
        render(r#"{{ $a := encryptAES "key" "x" }}{{ encryptAES "key" "x" }}"#)
    );
}

#[test]
fn no_secret_is_in_an_error() {
    let mut templates = TemplateSet::new(sprig::functions());
    templates
        .parse("t", "{{ genCAWithKey \"a\" 1 . }}")
        .unwrap();
    let secret =
        "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0LXNlY3JldA==\n-----END RSA PRIVATE KEY-----\n";
    let result = templates.execute(
        &mut Vec::new(),
        "t",
        secret.into(),
        &Limits::default(),
        &Outside(Cell::new(7)),
    );
    let error = result.unwrap_err().to_string();
    assert!(
        !error.contains("c2VjcmV0") && !error.contains("secret-secret"),
        "{error}"
    );
}

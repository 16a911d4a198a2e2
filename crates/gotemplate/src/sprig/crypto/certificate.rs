//! `genCA`, `genSelfSignedCert`, `genSignedCert` and their `WithKey` forms, and `buildCustomCert`: X.509 certificates with the same
//! content as Go's.

use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use sha1::Digest;
use x509_cert::Certificate as X509;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::asn1::{
    Any as AnyValue, BitString, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString,
    SetOfVec, UtcTime,
};
use x509_cert::der::{Decode, Encode, Tag};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::ext::{AsExtension, Extension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::key::Key;
use super::pem;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::gofmt;
use crate::host::KeyKind;
use crate::object::Object;
use crate::sprig::args::{Answer, INT, STRING, TEXTS, bytes, elements, int, object, text, value};
use crate::sprig::encoding::decode_base64;
use crate::sprig::uuid::fill;
use crate::types::Type;
use crate::value::Value;

const CERTIFICATE: Type = Type::Object("sprig.certificate");
const LIST: Type = Type::LIST;
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// What Sprig makes for certificates.
const KIND: KeyKind = KeyKind::Rsa(2048);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("buildCustomCert", TEXTS, |_, a| {
            build_custom(bytes(a, 0), bytes(a, 1))
        })
        .add("genCA", Signature::fixed(&[STRING, INT]), |context, a| {
            let key = new_key(context)?;
            issue_authority(context, a, &key)
        })
        .add(
            "genCAWithKey",
            Signature::fixed(&[STRING, INT, STRING]),
            |context, a| {
                let key = given_key(bytes(a, 2))?;
                issue_authority(context, a, &key)
            },
        );
    add_issued(functions);
}

// Certificates of names and addresses.
fn add_issued(functions: &mut Functions) {
    functions
        .add(
            "genSelfSignedCert",
            Signature::fixed(&[STRING, LIST, LIST, INT]),
            |context, a| {
                let key = new_key(context)?;
                issue_to(context, a, &key, None)
            },
        )
        .add(
            "genSelfSignedCertWithKey",
            Signature::fixed(&[STRING, LIST, LIST, INT, STRING]),
            |context, a| {
                let key = given_key(bytes(a, 4))?;
                issue_to(context, a, &key, None)
            },
        )
        .add(
            "genSignedCert",
            Signature::fixed(&[STRING, LIST, LIST, INT, CERTIFICATE]),
            |context, a| {
                let key = new_key(context)?;
                issue_to(context, a, &key, Some(&value(a, 4)))
            },
        )
        .add(
            "genSignedCertWithKey",
            Signature::fixed(&[STRING, LIST, LIST, INT, CERTIFICATE, STRING]),
            |context, a| {
                let key = given_key(bytes(a, 5))?;
                issue_to(context, a, &key, Some(&value(a, 4)))
            },
        );
}

/// A certificate and its private key, both PEM.
struct Certificate {
    cert: String,
    key: String,
}

impl Object for Certificate {
    fn go_type(&self) -> Type {
        CERTIFICATE
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Cert", Value::str(self.cert.as_str())),
            ("Key", Value::str(self.key.as_str())),
        ]
    }
}

fn new_key(context: &mut Context<'_>) -> Result<Key, FuncError> {
    Key::generate(context, KIND).map_err(|error| match error {
        FuncError::Message(message) => {
            FuncError::new(format!("error generating rsa key: {message}"))
        }
        limit => limit,
    })
}

fn given_key(pem: &[u8]) -> Result<Key, FuncError> {
    Key::from_pem(pem).map_err(|error| FuncError::new(format!("parsing private key: {error}")))
}

struct Request<'a> {
    name: &'a str,
    ips: &'a Value,
    names: &'a Value,
    days: i64,
    authority: bool,
}

/// A certificate of an authority, signed by its own key; `args` are its name and its days.
fn issue_authority(context: &mut Context<'_>, args: &[Value], key: &Key) -> Answer {
    let request = Request {
        name: &text(args, 0),
        ips: &Value::Nil,
        names: &Value::Nil,
        days: int(args, 1),
        authority: true,
    };
    issue(context, &request, key, None)
}

fn issue_to(
    context: &mut Context<'_>,
    args: &[Value],
    key: &Key,
    signer: Option<&Value>,
) -> Answer {
    let request = Request {
        name: &text(args, 0),
        ips: &value(args, 1),
        names: &value(args, 2),
        days: int(args, 3),
        authority: false,
    };
    issue(context, &request, key, signer)
}

// The issuer's certificate and key.
struct Issuer {
    certificate: X509,
    key: Key,
}

fn issuer(of: &Value) -> Result<Issuer, FuncError> {
    let given = object::<Certificate>(of);
    let (cert, key) = given.map_or(("", ""), |given| (&given.cert, &given.key));
    let block = pem::decode(cert.as_bytes())
        .ok_or_else(|| FuncError::new("unable to decode certificate"))?;
    let certificate = X509::from_der(&block.der).map_err(|_| {
        FuncError::new(
            "error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate",
        )
    })?;
    let key = Key::from_pem(key.as_bytes())
        .map_err(|error| FuncError::new(format!("error parsing private key: {error}")))?;
    Ok(Issuer { certificate, key })
}

impl Issuer {
    // As Go checks before it signs.
    fn check_key(&self) -> Result<(), FuncError> {
        let own = self.key.public_der();
        let parent = &self.certificate.tbs_certificate.subject_public_key_info;
        if own.is_some() && own == parent.to_der().ok() {
            return Ok(());
        }
        Err(FuncError::new(
            "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey",
        ))
    }
}

fn issue(
    context: &mut Context<'_>,
    request: &Request<'_>,
    key: &Key,
    signer: Option<&Value>,
) -> Answer {
    // A signature is worth a few milliseconds.
    context.step(50_000)?;
    let issuer = signer.map(issuer).transpose()?;
    let names = alternative_names(context, request)?;
    let failed = |_| FuncError::new("error creating certificate: x509: content cannot be encoded");
    let missing = || failed(());
    let public = key.public_der().ok_or_else(missing)?;
    if let Some(issuer) = &issuer {
        issuer.check_key()?;
    }
    let subject = subject(request.name).ok_or_else(missing)?;
    let signing_key = issuer.as_ref().map_or(key, |issuer| &issuer.key);
    let parent = issuer
        .as_ref()
        .map(|issuer| &issuer.certificate.tbs_certificate);
    let algorithm = algorithm(signing_key);
    let content = TbsCertificate {
        version: Version::V3,
        serial_number: serial_number(context)?.ok_or_else(missing)?,
        signature: algorithm.clone(),
        issuer: parent.map_or_else(|| subject.clone(), |parent| parent.subject.clone()),
        validity: validity(context, request.days)?.ok_or_else(missing)?,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&public)
            .map_err(|_| missing())?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(
            extensions(request.authority, &subject, &public, names, parent).ok_or_else(missing)?,
        ),
        subject,
    };
    let signature = content
        .to_der()
        .ok()
        .and_then(|der| signing_key.sign(&der))
        .ok_or_else(missing)?;
    let signature = BitString::from_bytes(&signature).map_err(|_| missing())?;
    let certificate = X509 {
        tbs_certificate: content,
        signature_algorithm: algorithm,
        signature,
    };
    let der = certificate.to_der().map_err(|_| missing())?;
    let made = Certificate {
        cert: pem::encode("CERTIFICATE", &der),
        key: key.to_pem().ok_or_else(missing)?,
    };
    Ok(Value::Object(Rc::new(made)))
}

fn algorithm(key: &Key) -> AlgorithmIdentifierOwned {
    let (oid, parameters) = match key {
        Key::Rsa(_) => (RSA_SHA256, Some(AnyValue::null())),
        Key::Ecdsa(_) => (ECDSA_SHA256, None),
        Key::Ed25519(_) => (ED25519, None),
    };
    AlgorithmIdentifierOwned { oid, parameters }
}

fn serial_number(context: &Context<'_>) -> Result<Option<SerialNumber>, FuncError> {
    let mut number = [0; 16];
    fill(context, &mut number)?;
    Ok(SerialNumber::new(&number).ok())
}

fn validity(context: &Context<'_>, days: i64) -> Result<Option<Validity>, FuncError> {
    let now = context
        .host()
        .now()
        .map_err(|error| FuncError::new(error.to_string()))?;
    let end = now.seconds.saturating_add(days.saturating_mul(86_400));
    let time = |seconds: i64| {
        let since = Duration::from_secs(u64::try_from(seconds).ok()?);
        let short = UtcTime::from_unix_duration(since).ok().map(Time::UtcTime);
        short.or_else(|| {
            GeneralizedTime::from_unix_duration(since)
                .ok()
                .map(Time::GeneralTime)
        })
    };
    Ok(time(now.seconds)
        .zip(time(end))
        .map(|(not_before, not_after)| Validity {
            not_before,
            not_after,
        }))
}

// Go writes a PrintableString where the name allows it, and no attribute for an empty name.
fn subject(name: &str) -> Option<Name> {
    if name.is_empty() {
        return Some(RdnSequence::default());
    }
    let printable = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte));
    let tag = if printable {
        Tag::PrintableString
    } else {
        Tag::Utf8String
    };
    let attribute = AttributeTypeAndValue {
        oid: COMMON_NAME,
        value: AnyValue::new(tag, name.as_bytes()).ok()?,
    };
    let attributes = SetOfVec::try_from(vec![attribute]).ok()?;
    Some(RdnSequence(vec![RelativeDistinguishedName(attributes)]))
}

fn extensions(
    authority: bool,
    subject: &Name,
    public: &[u8],
    names: Vec<GeneralName>,
    parent: Option<&TbsCertificate>,
) -> Option<Vec<Extension>> {
    let mut usage = KeyUsages::KeyEncipherment | KeyUsages::DigitalSignature;
    if authority {
        usage |= KeyUsages::KeyCertSign;
    }
    let mut all = Vec::new();
    let mut push = |extension: Option<Extension>| extension.map(|extension| all.push(extension));
    push(made(&KeyUsage(usage), subject))?;
    push(made(
        &ExtendedKeyUsage(vec![SERVER_AUTH, CLIENT_AUTH]),
        subject,
    ))?;
    push(critical(made(
        &BasicConstraints {
            ca: authority,
            path_len_constraint: None,
        },
        subject,
    )))?;
    if authority {
        push(made(
            &SubjectKeyIdentifier(key_identifier(public)?),
            subject,
        ))?;
    }
    if let Some(parent) = parent.filter(|parent| parent.subject != *subject)
        && let Ok(Some((_, SubjectKeyIdentifier(id)))) = parent.get::<SubjectKeyIdentifier>()
    {
        let identifier = AuthorityKeyIdentifier {
            key_identifier: Some(id),
            ..AuthorityKeyIdentifier::default()
        };
        push(made(&identifier, subject))?;
    }
    if !names.is_empty() {
        push(made(&SubjectAltName(names), subject))?;
    }
    Some(all)
}

fn made(extension: &impl AsExtension, subject: &Name) -> Option<Extension> {
    extension.to_extension(subject, &[]).ok()
}

fn critical(extension: Option<Extension>) -> Option<Extension> {
    extension.map(|extension| Extension {
        critical: true,
        ..extension
    })
}

// RFC 7093, method 1: the first 160 bits of the key's SHA-256, as Go computes it since 1.25.
fn key_identifier(public: &[u8]) -> Option<OctetString> {
    let info = SubjectPublicKeyInfoOwned::from_der(public).ok()?;
    let digest = sha2::Sha256::digest(info.subject_public_key.raw_bytes());
    OctetString::new(digest.get(..20)?).ok()
}

// Names before addresses, as Go orders them; errors in Sprig's order, addresses first.
fn alternative_names(
    context: &mut Context<'_>,
    request: &Request<'_>,
) -> Result<Vec<GeneralName>, FuncError> {
    let mut addresses = Vec::new();
    for item in elements(request.ips).unwrap_or_default().iter() {
        let text = as_text(context, item, "error parsing ip")?;
        let address: IpAddr = text
            .parse()
            .map_err(|_| FuncError::new(format!("error parsing ip: {text}")))?;
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        addresses.extend(OctetString::new(octets).map(GeneralName::IpAddress));
    }
    let mut names = Vec::new();
    for item in elements(request.names).unwrap_or_default().iter() {
        let text = as_text(context, item, "error processing alternate dns name")?;
        let name = Ia5String::new(&text);
        names.push(GeneralName::DnsName(name.map_err(|_| {
            FuncError::new(format!(
                "error creating certificate: x509: {text:?} cannot be encoded as an IA5String"
            ))
        })?));
    }
    names.extend(addresses);
    Ok(names)
}

fn as_text(context: &mut Context<'_>, item: &Value, complaint: &str) -> Result<String, FuncError> {
    match item {
        Value::Str(text) => Ok(text.to_text().into_owned()),
        other => {
            let printed = gofmt::sprint(context, std::slice::from_ref(other))?;
            Err(FuncError::new(format!(
                "{complaint}: {} is not a string",
                String::from_utf8_lossy(&printed)
            )))
        }
    }
}

fn build_custom(cert: &[u8], key: &[u8]) -> Answer {
    let cert =
        decode_base64(cert).map_err(|_| FuncError::new("unable to decode base64 certificate"))?;
    let key =
        decode_base64(key).map_err(|_| FuncError::new("unable to decode base64 private key"))?;
    let block = pem::decode(&cert).ok_or_else(|| FuncError::new("unable to decode certificate"))?;
    X509::from_der(&block.der).map_err(|_| {
        FuncError::new("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")
    })?;
    Key::from_pem(&key)
        .map_err(|error| FuncError::new(format!("error parsing private key: {error}")))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Value::Object(Rc::new(Certificate {
        cert: text(cert),
        key: text(key),
    })))
}

//! Tokens: how they look, what is stored, what is never shown.

use access::{Digest, Token, looks_like_jwt};

#[test]
fn a_token_is_made_of_all_the_chance_that_it_is_given() {
    let random = [[1; 16], [2; 16], [3; 16]];
    let token = Token::from_random(&random);
    assert_eq!(token, Token::from_random(&random));
    assert!(token.reveal().starts_with("wimble_"));
    assert_eq!(token.reveal().len(), "wimble_".len() + 43);
    for part in 0..3 {
        for byte in 0..16 {
            let mut other = random;
            other[part][byte] ^= 1;
            assert_ne!(Token::from_random(&other), token);
        }
    }
}

#[test]
fn what_is_stored_is_the_digest_of_what_the_client_sends() {
    let token = Token::from_random(&[[7; 16]; 3]);
    assert_eq!(token.digest(), Digest::of(token.reveal()));
    // FIPS 180-4's example.
    assert_eq!(
        Digest::of("abc").to_hex(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn debug_output_holds_no_token_and_no_digest() {
    let token = Token::from_random(&[[7; 16]; 3]);
    let shown = format!("{token:?} {:?}", token.digest());
    assert!(!shown.contains(token.reveal()) && !shown.contains(&token.digest().to_hex()));
    assert_eq!(shown, "Token(hidden) Digest(hidden)");
}

#[test]
fn a_jwt_is_told_from_a_token() {
    assert!(looks_like_jwt("eyJh.eyJp.c2ln"));
    assert!(looks_like_jwt(".."));
    for other in ["", "eyJh", "eyJh.eyJp", "a.b.c.d", "wimble_a.b.c"] {
        assert!(!looks_like_jwt(other), "{other}");
    }
}

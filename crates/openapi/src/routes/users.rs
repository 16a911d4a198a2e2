//! Users and tokens.

use serde_json::{Value, json};

use crate::answers::{Token, User};
use crate::bodies::{LoginWish, Rotation, TokenWish, UserWish};
use crate::operation::Operation;
use crate::parameters::{cursor, limit, path, query, text};
use crate::schemas::Schemas;

const NONE: &str = "there is no such user";
const BUILT_IN: &str = "the admin of the variable admin_token is no row: change the variable";

fn login() -> Value {
    path("login", &text(), "The login.")
}

fn token_id() -> Value {
    path("id", &text(), "The token's id.")
}

pub(super) fn users(schemas: &mut Schemas) -> Operation {
    Operation::new("Lists users")
        .told("By login, the admin of the variable first.")
        .takes_all([limit("all"), cursor()])
        .answers(200, "A page.", &schemas.answer::<Vec<User>>())
        .paged()
        .may_be_wrong()
}

pub(super) fn create_user(schemas: &mut Schemas) -> Operation {
    made("Makes a user", schemas)
}

pub(super) fn save_user(schemas: &mut Schemas) -> Operation {
    made("Makes a user, as Gimlet's dashboard asks for it", schemas)
}

fn made(summary: &'static str, schemas: &mut Schemas) -> Operation {
    Operation::new(summary)
        .body(&schemas.body::<UserWish>())
        .answers(
            201,
            "The user, with the first token, told this once.",
            &schemas.answer::<User>(),
        )
        .problem(
            409,
            "conflict",
            "the login is taken, or there are too many users",
        )
}

pub(super) fn user(schemas: &mut Schemas) -> Operation {
    let flag = json!({ "type": "string" });
    let with_token =
        "`true` makes one more token and tells it: of those before only digests are kept.";
    Operation::new("One user")
        .takes_all([login(), query("withToken", &flag, with_token)])
        .answers(200, "The user.", &schemas.answer::<User>())
        .may_be_missing(NONE)
        .problem(
            409,
            "conflict",
            "too many tokens, or the admin of the variable admin_token",
        )
}

pub(super) fn delete_user() -> Operation {
    Operation::new("Removes a user and all tokens")
        .takes(login())
        .answers_nothing(204, "There is no such user any more.")
        .problem(409, "conflict", BUILT_IN)
}

pub(super) fn delete_user_by_body(schemas: &mut Schemas) -> Operation {
    Operation::new("Removes a user, as Gimlet's dashboard asks for it")
        .body(&schemas.body::<LoginWish>())
        .answers_nothing(204, "There is no such user any more.")
        .problem(409, "conflict", BUILT_IN)
}

pub(super) fn tokens(schemas: &mut Schemas) -> Operation {
    Operation::new("Lists a user's tokens")
        .takes(login())
        .answers(
            200,
            "Those that have not expired, oldest first.",
            &schemas.answer::<Vec<Token>>(),
        )
        .may_be_missing(NONE)
        .problem(409, "conflict", BUILT_IN)
}

pub(super) fn create_token(schemas: &mut Schemas) -> Operation {
    Operation::new("Makes a token")
        .takes(login())
        .body(&schemas.body::<TokenWish>())
        .answers(
            201,
            "The token, told this once.",
            &schemas.answer::<Token>(),
        )
        .may_be_missing(NONE)
        .problem(
            409,
            "conflict",
            "too many tokens, or the admin of the variable admin_token",
        )
}

pub(super) fn revoke_token() -> Operation {
    Operation::new("Revokes a token")
        .takes_all([login(), token_id()])
        .answers_nothing(204, "It opens nothing any more.")
        .may_be_missing(NONE)
        .problem(409, "conflict", BUILT_IN)
}

pub(super) fn rotate_token(schemas: &mut Schemas) -> Operation {
    Operation::new("Makes a token that takes another's place")
        .takes_all([login(), token_id()])
        .optional_body(&schemas.body::<Rotation>())
        .answers(
            201,
            "The new token, told this once.",
            &schemas.answer::<Token>(),
        )
        .may_be_missing("there is no such user or token")
        .problem(409, "conflict", BUILT_IN)
}

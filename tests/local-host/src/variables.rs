//! Application variables and the `{{ templates }}` over them. No value of a variable ever reaches an error text.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use crate::manifest::Variable;

/// The value of every application variable: given by the operator, from `SPIN_VARIABLE_<NAME>`, or the default.
///
/// Has no `Debug`: it holds secrets.
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// Settles the value of each variable that the manifest declares.
    ///
    /// `given` wins over the environment, and the environment over the default. As in Spin, a required variable
    /// without a value keeps the application from starting.
    ///
    /// # Errors
    /// A name is malformed, a required value is missing, or `given` names a variable that is not declared.
    pub(crate) fn settle(
        declared: &BTreeMap<String, Variable>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self> {
        for name in given.keys() {
            ensure!(
                declared.contains_key(name),
                "the variable {name:?} is given but not declared in [variables]"
            );
        }
        let mut values = BTreeMap::new();
        for (name, variable) in declared {
            check_name(name)?;
            ensure!(
                variable.required || variable.default.is_some(),
                "the variable {name:?} needs either `required = true` or a default"
            );
            let from_environment =
                || std::env::var(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())).ok();
            let value = given
                .get(name)
                .cloned()
                .or_else(from_environment)
                .or_else(|| variable.default.clone());
            let Some(value) = value else {
                bail!(
                    "no provider resolved required variable {name:?}: give it with --variable {name}=<value>"
                );
            };
            values.insert(name.clone(), value);
        }
        Ok(Self(values))
    }

    /// Replaces each `{{ name }}` in `template` by its value.
    ///
    /// # Errors
    /// Braces that do not close, or a name that is not declared.
    pub(crate) fn resolve(&self, template: &str) -> Result<String> {
        let mut resolved = String::new();
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once("{{") {
            let Some((name, tail)) = after.split_once("}}") else {
                bail!("unmatched '{{{{' in {template:?}")
            };
            let name = name.trim();
            let Some(value) = self.0.get(name) else {
                bail!("unknown variable {name:?} in {template:?}")
            };
            resolved.push_str(literal);
            resolved.push_str(value);
            rest = tail;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }
}

/// Holds a name to Spin's rule: lower-case letters, digits and single underscores, a letter first, no underscore last.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let charset = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let edges = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('_');
    ensure!(
        charset && edges && !name.contains("__"),
        "{name:?} is not a variable name: use lower-case letters, digits and single underscores"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(default: Option<&str>) -> BTreeMap<String, Variable> {
        let variable = Variable {
            description: None,
            required: default.is_none(),
            default: default.map(ToOwned::to_owned),
            secret: true,
        };
        BTreeMap::from([("token".to_owned(), variable)])
    }

    fn given(value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("token".to_owned(), value.to_owned())])
    }

    #[test]
    fn a_given_value_wins_over_the_default() {
        let values = Values::settle(&declared(Some("default")), &given("given")).unwrap();
        assert_eq!(
            values.resolve("a {{ token }} b {{token}}").unwrap(),
            "a given b given"
        );
        let values = Values::settle(&declared(Some("default")), &BTreeMap::new()).unwrap();
        assert_eq!(values.resolve("{{ token }}").unwrap(), "default");
    }

    #[test]
    fn a_required_variable_without_a_value_is_an_error_that_names_it() {
        let Err(error) = Values::settle(&declared(None), &BTreeMap::new()) else {
            panic!("settled")
        };
        assert!(error.to_string().contains("\"token\""), "{error}");
    }

    #[test]
    fn an_undeclared_variable_cannot_be_given_or_used() {
        assert!(Values::settle(&BTreeMap::new(), &given("x")).is_err());
        let values = Values::settle(&declared(None), &given("hidden")).unwrap();
        let error = values.resolve("{{ tokn }}").unwrap_err().to_string();
        assert!(
            error.contains("tokn") && !error.contains("hidden"),
            "{error}"
        );
        assert!(values.resolve("{{ token").is_err());
    }

    #[test]
    fn names_follow_spins_rule() {
        for name in ["a", "abc", "a1b2c3", "a_1", "a_1_b_3"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "aX", "1bc", "_x", "x.y", "x_", "a__b", "x-y"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}

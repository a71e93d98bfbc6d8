//! From the variables to credential sources: who we are, and whose account renders.
//!
//! The order is the one of Remotion's client. What it finds is bound here, once, so that nothing asks the
//! environment later.

use std::time::Duration;

use super::Reader;
use crate::credentials::{AssumeRole, CredentialSource, Profile, RoleArn, RoleOptions};
use crate::error::Error;
use crate::redacted::Redacted;

/// What Remotion sets inside its own functions.
const INSIDE_REMOTION: &str = "__RESERVED_IS_INSIDE_REMOTION_LAMBDA";

const REMOTION_KEYS: [&str; 3] =
    ["REMOTION_AWS_ACCESS_KEY_ID", "REMOTION_AWS_SECRET_ACCESS_KEY", "REMOTION_AWS_SESSION_TOKEN"];
const AWS_KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// What each source stands for in this environment.
pub(super) struct Sources {
    /// What Remotion's client would take, else AWS's chain.
    auto: CredentialSource,
    /// AWS's chain.
    role: CredentialSource,
    /// The variables' keys.
    env: Option<CredentialSource>,
    credentials_file: Option<String>,
    config_file: Option<String>,
    role_options: RoleOptions,
    role_source: CredentialSource,
}

impl Sources {
    pub(super) fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Self {
        let (remotion, plain) = (keys(reader, REMOTION_KEYS), keys(reader, AWS_KEYS));
        let (credentials_file, config_file) =
            (reader.text("AWS_SHARED_CREDENTIALS_FILE"), reader.text("AWS_CONFIG_FILE"));
        let profile = |name: Option<String>| {
            let (credentials_file, config_file) = (credentials_file.clone(), config_file.clone());
            name.map(|name| CredentialSource::Profile(Profile { name, credentials_file, config_file }))
        };
        let (remotion_profile, aws_profile) =
            (profile(reader.text("REMOTION_AWS_PROFILE")), profile(reader.text("AWS_PROFILE")));
        let role = plain.clone().or_else(|| aws_profile.clone()).unwrap_or(CredentialSource::Role);
        let skipped = reader.text(INSIDE_REMOTION).or_else(|| reader.text("REMOTION_SKIP_AWS_CREDENTIALS_CHECK"));
        let auto = match skipped {
            Some(_) => role.clone(),
            None => {
                let found = remotion_profile.or_else(|| remotion.clone()).or(aws_profile).or_else(|| plain.clone());
                found.unwrap_or(CredentialSource::Role)
            }
        };
        let mut sources = Self {
            auto,
            role,
            env: remotion.or(plain),
            credentials_file,
            config_file,
            role_options: role_options(reader),
            role_source: CredentialSource::Auto,
        };
        let named = reader.read("RENDERGATE_ROLE_SOURCE", |text| match source(text)? {
            CredentialSource::Assume(_) => Err("found `assume:`; expected a source that needs no role".to_owned()),
            source => sources.resolve(source),
        });
        sources.role_source = named.unwrap_or_else(|| sources.auto.clone());
        sources
    }

    /// The source, with what this environment knows of it.
    ///
    /// # Errors
    /// What to set.
    pub(super) fn resolve(&self, source: CredentialSource) -> Result<CredentialSource, String> {
        Ok(match source {
            CredentialSource::Auto => self.auto.clone(),
            CredentialSource::Role => self.role.clone(),
            CredentialSource::Env => self.env.clone().ok_or("`env` needs REMOTION_AWS_ACCESS_KEY_ID and REMOTION_AWS_SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")?,
            CredentialSource::Profile(profile) => CredentialSource::Profile(Profile {
                credentials_file: self.credentials_file.clone(),
                config_file: self.config_file.clone(),
                ..profile
            }),
            CredentialSource::Assume(role) => self.assume(role.arn),
            source @ (CredentialSource::Secret(_) | CredentialSource::Keys { .. }) => source,
        })
    }

    fn assume(&self, arn: RoleArn) -> CredentialSource {
        let (options, from) = (self.role_options.clone(), self.role_source.clone());
        CredentialSource::Assume(Box::new(AssumeRole { arn, options, from }))
    }

    /// Who we are, for secrets and records, and whose credentials render.
    pub(super) fn choose<F: Fn(&str) -> Option<String>>(
        &self,
        reader: &mut Reader<F>,
        on_lambda: bool,
    ) -> (CredentialSource, CredentialSource) {
        let named = reader.read("RENDERGATE_CREDENTIALS", source).unwrap_or_default();
        let role = reader.read("REMOTION_ROLE_ARN", |text| {
            text.parse::<RoleArn>().map_err(|error| format!("found `{text}`; {error}"))
        });
        let resolved = self.resolve(named.clone()).map_err(|what| reader.wrong("RENDERGATE_CREDENTIALS", what));
        let own = resolved.unwrap_or_default();
        let account = match (&named, role) {
            (CredentialSource::Auto, Some(arn)) => self.assume(arn),
            (CredentialSource::Assume(named), Some(arn)) if named.arn == arn => own.clone(),
            (_, Some(arn)) => {
                reader.wrong("REMOTION_ROLE_ARN", format!("contradicts RENDERGATE_CREDENTIALS. Remove one of them, or set RENDERGATE_CREDENTIALS=assume:{arn} and RENDERGATE_ROLE_SOURCE"));
                own.clone()
            }
            (_, None) => own.clone(),
        };
        let home = match named {
            _ if on_lambda => self.role.clone(),
            CredentialSource::Role | CredentialSource::Env | CredentialSource::Profile(_) => own,
            _ => self.auto.clone(),
        };
        (home, account)
    }
}

/// Tells the form that was found, and no more: what follows it could be anything.
pub(super) fn source(text: &str) -> Result<CredentialSource, String> {
    text.parse().map_err(|error: Error| match text.split_once(':').map_or(text, |(form, _)| form) {
        form if form.len() <= 10 && form.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            format!("found `{form}{}`; {error}", if form == text { "" } else { ":…" })
        }
        _ => error.to_string(),
    })
}

/// A pair of variables, both or neither, and its token.
fn keys<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>, names: [&'static str; 3]) -> Option<CredentialSource> {
    let [id, secret, token] = names;
    match (reader.text(id), reader.text(secret)) {
        (Some(access_key_id), Some(secret_access_key)) => Some(CredentialSource::Keys {
            access_key_id,
            secret_access_key: Redacted::new(secret_access_key),
            session_token: reader.text(token).map(Redacted::new),
        }),
        (None, None) => None,
        (Some(_), None) => {
            reader.wrong(secret, format!("not set, but {id} is; set both or neither"));
            None
        }
        (None, Some(_)) => {
            reader.wrong(id, format!("not set, but {secret} is; set both or neither"));
            None
        }
    }
}

fn role_options<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> RoleOptions {
    let of = |text: &str, more: &[u8], most: usize| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte) || more.contains(&byte);
        (2..=most).contains(&text.len()) && text.bytes().all(known)
    };
    let session_name = |text: &str| match of(text, b"", 64) {
        true => Ok(text.to_owned()),
        false => Err(format!("found `{text}`; expected 2 to 64 letters, digits or any of `_+=,.@-`")),
    };
    let external_id = |text: &str| match of(text, b":/", 1224) {
        true => Ok(Redacted::new(text.to_owned())),
        false => Err("expected 2 to 1224 letters, digits or any of `_+=,.@:/-`".to_owned()),
    };
    let duration = |text: &str| {
        let seconds = text.parse().ok().filter(|seconds| (900..=43_200).contains(seconds));
        seconds.map(Duration::from_secs).ok_or_else(|| format!("found `{text}`; expected 900 to 43200 seconds"))
    };
    let own_name = reader.read("RENDERGATE_ROLE_SESSION_NAME", session_name);
    let guide_name = reader.read("REMOTION_ROLE_SESSION_NAME", session_name);
    let standard = RoleOptions::default();
    RoleOptions {
        session_name: own_name.or(guide_name).unwrap_or(standard.session_name),
        external_id: reader.read("RENDERGATE_ROLE_EXTERNAL_ID", external_id),
        duration: reader.read("RENDERGATE_ROLE_DURATION", duration).unwrap_or(standard.duration),
    }
}

#[cfg(test)]
mod tests;

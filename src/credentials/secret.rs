//! A key pair in Secrets Manager, as Remotion's guide keeps it (secret `dev/remotion-user`).

use std::str::FromStr;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use serde_json::Value;
use tracing::Instrument;

use crate::error::{Error, Kind, Result};

/// The guide's names first, then those that other tools write.
const KEY_ID: [&str; 4] = ["remotion_aws_client_id", "REMOTION_AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID", "accessKeyId"];
const SECRET_KEY: [&str; 4] =
    ["remotion_aws_client_secret", "REMOTION_AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "secretAccessKey"];
const TOKEN: [&str; 4] =
    ["remotion_aws_session_token", "REMOTION_AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN", "sessionToken"];

/// A secret's name or ARN and its stage: what follows `secret:` in a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    id: String,
    stage: String,
}

impl SecretRef {
    /// Name or ARN.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Version stage, `AWSCURRENT` unless said otherwise.
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// An ARN tells its region; a name is looked up where we run.
    fn region(&self) -> Option<&str> {
        self.id.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
    }
}

impl FromStr for SecretRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (id, stage) = text.split_once('#').unwrap_or((text, "AWSCURRENT"));
        if id.is_empty() || stage.is_empty() {
            return Err(Error::new(Kind::Config, "expected `secret:<id or arn>[#stage]`"));
        }
        Ok(Self { id: id.to_owned(), stage: stage.to_owned() })
    }
}

/// Reads one secret's text with the credentials of where we run.
#[derive(Debug)]
pub struct SecretText {
    secret: SecretRef,
    client: Client,
}

impl SecretText {
    /// A reader; nothing is called yet.
    pub fn new(secret: SecretRef, base: &SdkConfig) -> Self {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(base);
        if let Some(region) = secret.region() {
            config = config.region(Region::new(region.to_owned()));
        }
        Self { client: Client::from_conf(config.build()), secret }
    }

    /// The secret's text now: one call.
    ///
    /// # Errors
    /// Says what to do: create the secret, grant the action, store text instead of bytes.
    pub async fn read(&self) -> Result<String> {
        let id = &self.secret.id;
        let span = tracing::info_span!("aws", call = "secretsmanager:GetSecretValue", resource = id);
        let call = self.client.get_secret_value().secret_id(id).version_stage(&self.secret.stage);
        let answer = call.send().instrument(span).await.map_err(|error| self.explain(error))?;
        answer
            .secret_string
            .ok_or_else(|| unavailable(format!("The secret `{id}` is binary. Store the key pair as a JSON text.")))
    }

    fn explain<E>(&self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let SecretRef { id, stage } = &self.secret;
        let forbidden = error.raw_response().is_some_and(|raw| raw.status().as_u16() == 403);
        let explained = match error.code() {
            Some("ResourceNotFoundException") => {
                unavailable(format!("There is no secret `{id}` with stage `{stage}` in this region. Create it, or correct the setting."))
            }
            code if code == Some("AccessDeniedException") || forbidden => Error::new(
                Kind::AwsAccessDenied,
                format!("AWS does not allow secretsmanager:GetSecretValue on `{id}`. Grant it to the role that runs Rendergate."),
            )
            .with("action", "secretsmanager:GetSecretValue")
            .with("resource", id.as_str()),
            Some(code) => unavailable(format!("Secrets Manager refused to read `{id}`: {code}.")),
            None => Error::new(
                Kind::AwsUnavailable,
                format!("The secret `{id}` could not be read: Secrets Manager gave no answer. Try again."),
            ),
        };
        explained.because(error)
    }
}

/// The SDK's view of a key pair in Secrets Manager: one read each time it is asked.
#[derive(Debug)]
pub(super) struct SecretCredentials {
    text: SecretText,
}

impl SecretCredentials {
    pub(super) fn new(text: SecretText) -> Self {
        Self { text }
    }

    async fn provide(&self) -> provider::Result {
        let read = self.text.read().await.and_then(|text| credentials(&text, self.text.secret.id()));
        read.map_err(CredentialsError::provider_error)
    }
}

impl ProvideCredentials for SecretCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

/// The key pair in a secret's JSON text. The text itself never reaches an error.
fn credentials(text: &str, id: &str) -> Result<Credentials> {
    let json: Value = serde_json::from_str(text)
        .map_err(|_| unavailable(format!("The secret `{id}` is not a JSON object with a key pair.")))?;
    let find = |names: &[&str]| {
        names.iter().filter_map(|name| json[name].as_str()).find(|value| !value.is_empty()).map(str::to_owned)
    };
    let missing = |names: &[&str]| unavailable(format!("The secret `{id}` has no `{}`.", names[0]));
    let key_id = find(&KEY_ID).ok_or_else(|| missing(&KEY_ID))?;
    let secret_key = find(&SECRET_KEY).ok_or_else(|| missing(&SECRET_KEY))?;
    Ok(Credentials::new(key_id, secret_key, find(&TOKEN), None, "SecretsManager"))
}

fn unavailable(detail: String) -> Error {
    Error::new(Kind::CredentialsUnavailable, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_key_form_is_read() {
        for i in 0..KEY_ID.len() {
            let text = serde_json::json!({KEY_ID[i]: "AKIA", SECRET_KEY[i]: "s", TOKEN[i]: "t"}).to_string();
            let found = credentials(&text, "x").unwrap();
            assert_eq!(
                (found.access_key_id(), found.secret_access_key(), found.session_token()),
                ("AKIA", "s", Some("t"))
            );
        }
    }

    #[test]
    fn a_broken_secret_names_what_is_missing_and_not_what_is_there() {
        for text in [
            r#"{"remotion_aws_client_id":"CANARY"}"#,
            "CANARY",
            r#"["CANARY"]"#,
            r#"{"remotion_aws_client_secret":"CANARY"}"#,
        ] {
            let error = credentials(text, "dev/x").unwrap_err();
            assert_eq!(error.kind(), Kind::CredentialsUnavailable);
            assert!(error.detail().contains("dev/x") && !format!("{error:?}").contains("CANARY"));
        }
    }

    #[test]
    fn an_arn_tells_its_region() {
        let secret: SecretRef = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf".parse().unwrap();
        assert_eq!((secret.region(), secret.stage()), (Some("eu-west-1"), "AWSCURRENT"));
    }
}

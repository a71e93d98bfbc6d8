//! A role of STS, assumed with other credentials.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use tracing::Instrument;

use super::CredentialSource;
use crate::error::{Error, Kind, Result};
use crate::redacted::Redacted;

/// `arn:aws:iam::123456789012:role/name`, in any of AWS's partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn(String);

impl FromStr for RoleArn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let good = matches!(parts[..], ["arn", partition, "iam", "", account, role]
        if partition.starts_with("aws")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && role.strip_prefix("role/").is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_/-".contains(&byte))
            }));
        if good {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(Kind::Config, "expected the ARN of a role, `arn:aws:iam::<12 digits>:role/<name>`"))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a role is assumed. <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOptions {
    /// Names the session in CloudTrail and in the assumed role's ARN.
    pub session_name: String,
    /// What the owner of a role in another account asks for.
    pub external_id: Option<Redacted<String>>,
    /// How long the credentials last: 15 minutes to the role's own maximum; an hour where a role assumes it.
    pub duration: Duration,
}

impl Default for RoleOptions {
    fn default() -> Self {
        Self { session_name: "rendergate".to_owned(), external_id: None, duration: Duration::from_secs(3600) }
    }
}

/// A role and who assumes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// Which role.
    pub arn: RoleArn,
    /// How.
    pub options: RoleOptions,
    /// With whose credentials.
    pub from: CredentialSource,
}

impl AssumeRole {
    /// The role, assumed as whoever we are already.
    pub fn new(arn: RoleArn) -> Self {
        Self { arn, options: RoleOptions::default(), from: CredentialSource::Auto }
    }

    /// Assumes it with the credentials, in the region and at the endpoints of `config`.
    pub(super) fn with(&self, config: &SdkConfig) -> AssumedRole {
        AssumedRole { role: self.clone(), config: Redacted::new(config.clone()) }
    }

    fn explain(&self, error: CredentialsError) -> CredentialsError {
        let arn = &self.arn;
        let refused =
            sources(&error).find_map(|source| source.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>());
        let ours = sources(&error).find_map(|source| source.downcast_ref::<Error>()).map(Error::share);
        let explained = ours.unwrap_or_else(|| match refused {
            Some(SdkError::ServiceError(refusal)) => {
                let code = refusal.err().code().unwrap_or_default();
                let status = refusal.raw().status().as_u16();
                self.refusal(code, status)
            }
            _ => Error::new(
                Kind::AwsUnavailable,
                format!("The role `{arn}` could not be assumed: STS gave no answer. Try again."),
            ),
        });
        CredentialsError::provider_error(explained.because(error))
    }

    fn refusal(&self, code: &str, status: u16) -> Error {
        let arn = &self.arn;
        match code {
            // A refusal without a name, as other STS than AWS's send, is no word about the key.
            "AccessDenied" | "" if status == 403 => Error::new(
                Kind::AwsAccessDenied,
                format!("AWS does not allow sts:AssumeRole on {arn}. Grant it to the credentials in use, name them in the role's trust policy, and set RENDERGATE_ROLE_EXTERNAL_ID where that policy asks for an external id."),
            )
            .with("action", "sts:AssumeRole")
            .with("resource", arn.to_string()),
            "Throttling" | "ThrottlingException" | "TooManyRequestsException" => {
                Error::new(Kind::Throttled, format!("STS throttles: the role `{arn}` could not be assumed. Try again."))
            }
            "ValidationError" => Error::new(
                Kind::CredentialsUnavailable,
                format!("STS does not take the request for {arn}. Set RENDERGATE_ROLE_DURATION to the role's maximum at most, and to 3600 at most where a role assumes it."),
            ),
            _ if status >= 500 => {
                Error::new(Kind::AwsUnavailable, format!("The role `{arn}` could not be assumed: STS failed. Try again."))
            }
            _ if status == 403 => Error::new(
                Kind::AwsCredentialsRefused,
                format!("STS refused the credentials that assume {arn} ({code}). Renew them; temporary keys need their session token."),
            ),
            _ => Error::new(Kind::CredentialsUnavailable, format!("STS refused to let {arn} be assumed: {code}.")),
        }
    }
}

fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The SDK's view of a role: one call each time it is asked.
#[derive(Debug)]
pub(super) struct AssumedRole {
    role: AssumeRole,
    /// Not to be shown: it holds the shared files as they are.
    config: Redacted<SdkConfig>,
}

impl AssumedRole {
    async fn provide(&self) -> provider::Result {
        let AssumeRole { arn, options, .. } = &self.role;
        let mut provider = AssumeRoleProvider::builder(arn.to_string())
            .configure(self.config.expose())
            .session_name(&options.session_name)
            .session_length(options.duration);
        if let Some(external_id) = &options.external_id {
            provider = provider.external_id(external_id.expose());
        }
        let span = tracing::info_span!("aws", call = "sts:AssumeRole", resource = %arn);
        let provider = provider.build().await;
        provider.provide_credentials().instrument(span).await.map_err(|error| self.role.explain(error))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_role_s_arn_is_one() {
        for good in [
            "arn:aws:iam::123456789012:role/remotion-ec2-executionrole",
            "arn:aws-cn:iam::123456789012:role/a/path/Name+=,.@-_",
        ] {
            assert_eq!(good.parse::<RoleArn>().unwrap().to_string(), good);
        }
        for wrong in [
            "",
            "remotion-ec2-executionrole",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::12345:role/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:sts::123456789012:assumed-role/x/y",
            " arn:aws:iam::123456789012:role/x",
        ] {
            assert!(wrong.parse::<RoleArn>().is_err(), "{wrong}");
        }
    }
}

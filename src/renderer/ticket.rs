//! The claim check: all that is needed to follow a render.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Kind};
use crate::remotion::names;

/// Where a render is: `account~region~bucket~renderId`, opaque to callers and safe in a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Name of the account.
    pub account: String,
    /// Region of function and bucket.
    pub region: String,
    /// The render bucket.
    pub bucket: String,
    /// Remotion's id.
    pub render_id: String,
}

impl Ticket {
    /// The render's folder in its bucket, with the slash.
    pub fn folder(&self) -> String {
        format!("renders/{}/", self.render_id)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}~{}", self.account, self.region, self.bucket, self.render_id)
    }
}

impl FromStr for Ticket {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::new(Kind::RenderNotFound, "This is not the id of a render. Use the `id` that starting it answered.")
        };
        let mut parts = text.split('~').map(str::to_owned);
        let (Some(account), Some(region), Some(bucket), Some(render_id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if !word(&account) || !word(&region) || !names::is_bucket_name(&bucket) || !names::is_render_id(&render_id) {
            return Err(wrong());
        }
        Ok(Self { account, region, bucket, render_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_survives_its_text() {
        let text = "default~us-east-1~remotionlambda-useast1-0a1b2c3d4e~1-day-m1yq8x2c0v";
        let ticket: Ticket = text.parse().unwrap();
        assert_eq!((ticket.to_string().as_str(), ticket.folder().as_str()), (text, "renders/1-day-m1yq8x2c0v/"));
    }

    #[test]
    fn nothing_else_is_a_ticket() {
        for text in [
            "",
            "~~~",
            "a~b~c",
            "default~us-east-1~bucket~../../x",
            "default~us-east-1~b/u~m1yq8x2c0v",
            "default~us-east-1~bucket~m1yq8x2c0v~x",
            "def ault~us-east-1~bucket~m1yq8x2c0v",
        ] {
            assert_eq!(text.parse::<Ticket>().unwrap_err().kind(), Kind::RenderNotFound, "{text}");
        }
    }
}

//! Whether a copy is what was copied, by what S3 answers to the write itself.

use super::{Copied, Copier, Found};
use crate::error::{Error, Kind, Result};

/// What S3 told of the object that it wrote.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) etag: Option<String>,
    pub(super) crc32: Option<String>,
    pub(super) crc64nvme: Option<String>,
    /// Encrypted with a KMS key.
    pub(super) kms: bool,
}

impl Copier {
    /// The copy is done, if S3 has written what was read.
    ///
    /// # Errors
    /// [`Kind::UnreadableAnswer`] where nothing was written: S3 may answer 200 with nothing inside.
    /// [`Kind::AwsUnavailable`] where something else was written; [`Kind::AwsError`] where it may not be replaced.
    pub(super) fn checked(&self, written: &Written, what: &str) -> Result<Copied> {
        match written.check(&self.found, what) {
            Ok(()) => Ok(Copied::Done),
            Err(error) if self.target.new_only && error.kind() == Kind::AwsUnavailable => Err(Error::new(
                Kind::AwsError,
                "What is at the destination now differs from the output. Delete it, and ask for the copy again.",
            )),
            Err(error) => Err(error),
        }
    }
}

impl Written {
    /// Compares what both sides have.
    fn check(&self, found: &Found, what: &str) -> Result<()> {
        let etag = self.etag.as_ref().ok_or_else(|| super::super::unreadable(what))?;
        let comparable = !self.kms && !found.kms && is_md5(&found.etag) && is_md5(etag);
        let same = [
            (Some(&found.etag).filter(|_| comparable), Some(etag)),
            (found.crc32.as_ref(), whole(self.crc32.as_ref())),
            (found.crc64nvme.as_ref(), whole(self.crc64nvme.as_ref())),
        ];
        if same.iter().any(|(ours, theirs)| ours.is_some() && theirs.is_some() && ours != theirs) {
            return Err(Error::new(Kind::AwsUnavailable, "The copy differs from the output. Try again."));
        }
        Ok(())
    }
}

/// A checksum of checksums ends in the number of parts.
fn whole(checksum: Option<&String>) -> Option<&String> {
    checksum.filter(|checksum| !checksum.contains('-'))
}

/// The ETag of a multipart or KMS object is not an MD5 of its bytes.
fn is_md5(etag: &str) -> bool {
    let etag = etag.trim_matches('"');
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Headers;

    const MD5: &str = "\"9e107d9d372bb6826bd81d3542a419d6\"";
    const OTHER: &str = "\"e4d909c290d0fb1ca068ffaddf22cbd0\"";

    fn found(crc32: Option<&str>) -> Found {
        let (crc32, headers) = (crc32.map(str::to_owned), Headers::default());
        Found { size: 1, modified_ms: 0, etag: MD5.into(), crc32, crc64nvme: None, kms: false, tagged: false, headers }
    }

    #[test]
    fn only_what_both_sides_have_is_compared() {
        let check = |etag: Option<&str>, crc32: Option<&str>, kms| {
            let written =
                Written { etag: etag.map(Into::into), crc32: crc32.map(Into::into), kms, ..Default::default() };
            written.check(&found(Some("AAAAAA==")), "CopyObject").map_err(|error| error.kind())
        };
        assert_eq!(check(Some(MD5), None, false), Ok(()));
        assert_eq!(check(Some(MD5), Some("AAAAAA=="), false), Ok(()));
        assert_eq!(check(Some(MD5), Some("BBBBBB=="), false), Err(Kind::AwsUnavailable));
        assert_eq!(check(Some(MD5), Some("BBBBBB==-3"), false), Ok(()));
        assert_eq!(check(Some(OTHER), None, false), Err(Kind::AwsUnavailable));
        assert_eq!(check(Some(OTHER), None, true), Ok(()));
        assert_eq!(check(Some("\"9e107d9d372bb6826bd81d3542a419d6-3\""), None, false), Ok(()));
        assert_eq!(check(None, None, false), Err(Kind::UnreadableAnswer));
    }
}

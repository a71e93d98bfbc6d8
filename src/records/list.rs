//! The orders of each caller, newest first: an index of names, so that a page costs the same however many there
//! are.

use serde_json::json;

use super::Records;
use crate::digest::sha256;
use crate::error::Result;

/// Larger than the time of every order, epoch ms: what is subtracted from it sorts the other way.
const END_OF_TIME: u64 = 9_999_999_999_999;

/// An order in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was accepted, epoch ms.
    pub created_at: u64,
    /// The ticket, or what a queued order is known by.
    pub id: String,
}

impl Entry {
    /// Newer entries have smaller names.
    pub fn name(&self) -> String {
        format!("{:013}~{}", END_OF_TIME.saturating_sub(self.created_at), self.id)
    }

    /// The entry of a name.
    pub fn parse(name: &str) -> Option<Self> {
        let (time, id) = name.split_once('~')?;
        let whole = time.len() == 13 && time.bytes().all(|digit| digit.is_ascii_digit());
        let created_at = END_OF_TIME.saturating_sub(time.parse().ok().filter(|_| whole)?);
        Some(Self { created_at, id: id.to_owned() })
    }
}

impl Records {
    /// Puts an order on its caller's list. Once more does no harm.
    pub async fn enlist(&self, caller: Option<&str>, entry: &Entry) -> Result<()> {
        self.write(&folder(caller), &entry.name(), &json!({}), None).await.map(|_| ())
    }

    /// At most so many entries of a caller's list, newest first, from behind the one named `after`.
    pub async fn entries(&self, caller: Option<&str>, after: Option<&str>, most: usize) -> Result<Vec<Entry>> {
        let names = self.list(&folder(caller), after, most).await?;
        Ok(names.iter().filter_map(|name| Entry::parse(name)).collect())
    }
}

/// A caller's name may hold anything: a folder's may not.
fn folder(caller: Option<&str>) -> String {
    // Nobody's name is empty.
    format!("list/{}", sha256(caller.unwrap_or_default().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_names_are_smaller_and_tell_all() {
        let entry = |created_at| Entry { created_at, id: "default~us-east-1~remotionlambda-x~m1yq8x2c0v".into() };
        let (old, new) = (entry(999_999_999_999), entry(1_760_000_000_000));
        assert!(new.name() < old.name());
        assert_eq!((Entry::parse(&new.name()), Entry::parse(&old.name())), (Some(new), Some(old)));
        for wrong in ["", "~", "8239999999999", "823~x", "+239999999999~x", "823999999999x~x"] {
            assert_eq!(Entry::parse(wrong), None, "{wrong}");
        }
    }
}

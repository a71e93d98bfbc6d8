//! What Secrets Manager holds for us to use, kept for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::SecretText;
use crate::error::Result;

/// How long a secret is used before it is read again.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Something unknown makes us read it again, but not more often than this; nor while reading fails.
const AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How long what was read last goes on while Secrets Manager fails.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// A secret that a setting holds, or that Secrets Manager holds for it.
#[derive(Debug)]
pub enum Held<T> {
    /// In the setting itself.
    Set(T),
    /// In Secrets Manager.
    Secret(Kept<T>),
}

impl<T> Held<T> {
    /// As [`Kept::find`].
    ///
    /// # Errors
    /// What keeps us from reading it.
    pub async fn find<F>(
        &self,
        read: impl Fn(&str) -> Result<T>,
        find: impl Fn(&T) -> Option<F>,
        or_again: bool,
    ) -> Result<Option<F>> {
        match self {
            Self::Set(value) => Ok(find(value)),
            Self::Secret(kept) => kept.find(read, find, or_again).await,
        }
    }
}

/// A secret, read when first needed.
#[derive(Debug)]
pub struct Kept<T> {
    text: SecretText,
    known: Mutex<Option<Known<T>>>,
}

#[derive(Debug)]
struct Known<T> {
    value: T,
    /// When it was read.
    read: Instant,
    /// When somebody went to read it last.
    asked: Instant,
}

impl<T> Kept<T> {
    /// Nothing is read yet.
    pub fn new(text: SecretText) -> Self {
        Self { text, known: Mutex::new(None) }
    }

    /// Reads the secret, whatever is known of it.
    ///
    /// # Errors
    /// What keeps us from reading it.
    pub async fn read(&self, read: impl Fn(&str) -> Result<T>) -> Result<T> {
        read(&self.text.read().await?)
    }

    /// What `find` finds in the secret. Where it finds nothing although it should (`or_again`), the secret may
    /// have changed: it is read again. One request reads, the others go on with what is known.
    pub async fn find<F>(
        &self,
        read: impl Fn(&str) -> Result<T>,
        find: impl Fn(&T) -> Option<F>,
        or_again: bool,
    ) -> Result<Option<F>> {
        let mut fallback = None;
        if let Some(known) = &mut *self.known.lock().unwrap_or_else(PoisonError::into_inner) {
            let found = find(&known.value);
            let is_enough = found.is_some() || !or_again;
            if !is_due(known.read.elapsed(), known.asked.elapsed(), is_enough) {
                return Ok(found);
            }
            known.asked = Instant::now();
            if is_enough && known.read.elapsed() < GRACE {
                fallback = Some(found);
            }
        }
        match (self.read(read).await, fallback) {
            (Ok(value), _) => {
                let (found, read) = (find(&value), Instant::now());
                let known = Known { value, read, asked: read };
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
                Ok(found)
            }
            (Err(error), Some(found)) => {
                tracing::warn!(
                    code = error.kind().code(),
                    "a secret could not be read again, what is known of it goes on"
                );
                Ok(found)
            }
            (Err(error), None) => Err(error),
        }
    }
}

/// Whether a secret that was read so long ago has to be read again, where somebody went to do so since.
fn is_due(read: Duration, asked: Duration, is_enough: bool) -> bool {
    let is_old = read >= if is_enough { LIFETIME } else { AGAIN_AFTER };
    is_old && (asked >= AGAIN_AFTER || read >= GRACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_again_when_it_is_old_but_not_by_everybody() {
        for (read, asked, is_enough, due) in [
            (0, 0, true, false),
            (299, 299, true, false),
            (300, 300, true, true),
            (305, 5, true, false),
            (310, 10, true, true),
            (3599, 5, true, false),
            (3600, 5, true, true),
            (9, 9, false, false),
            (10, 10, false, true),
            (15, 5, false, false),
        ] {
            let seconds = Duration::from_secs;
            assert_eq!(is_due(seconds(read), seconds(asked), is_enough), due, "{read} {asked} {is_enough}");
        }
    }
}

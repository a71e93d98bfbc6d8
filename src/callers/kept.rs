//! What Secrets Manager holds for us to compare with, kept for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::credentials::SecretText;
use crate::error::Result;

/// How long a secret is used before it is read again.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Something unknown makes us read it again, but not more often than this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// A secret, read when first needed.
#[derive(Debug)]
pub struct Kept<T> {
    text: SecretText,
    known: Mutex<Option<(T, Instant)>>,
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
    pub(super) async fn read(&self, read: impl Fn(&str) -> Result<T>) -> Result<T> {
        read(&self.text.read().await?)
    }

    /// What `find` finds in the secret. Where it finds nothing although it should (`or_again`), the secret may
    /// have changed: it is read again.
    pub(super) async fn find<F>(
        &self,
        read: impl Fn(&str) -> Result<T>,
        find: impl Fn(&T) -> Option<F>,
        or_again: bool,
    ) -> Result<Option<F>> {
        if let Some((known, at)) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner) {
            let found = find(known);
            let fresh = if found.is_none() && or_again { AGAIN_AFTER } else { LIFETIME };
            if at.elapsed() < fresh {
                return Ok(found);
            }
        }
        let known = self.read(read).await?;
        let found = find(&known);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((known, Instant::now()));
        Ok(found)
    }
}

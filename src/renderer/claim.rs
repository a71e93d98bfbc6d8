//! The right to make a copy: a lease on its record, renewed while the copy goes on, and lost to whoever finds it
//! run out.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::aws::Upload;
use crate::error::{Error, Kind, Result};
use crate::records::{CopyRecord, CopyStatus, Record, Records, Version};
use crate::telemetry::now_ms;

/// How long nobody else copies, after one who died.
const LEASE: Duration = Duration::from_secs(20);
/// How often the lease is renewed and the parts that are there are written down: so much work is lost with a
/// process, and one write in four may fail.
const RENEWAL: Duration = Duration::from_secs(5);

/// The record of a copy, as long as nobody else has written to it.
#[derive(Debug)]
pub(super) struct Claim {
    records: Records,
    record: Record,
    version: Version,
    /// How far the upload is now.
    upload: Arc<watch::Sender<Option<Upload>>>,
    /// The parts that others had copied before.
    found_done: usize,
}

impl Claim {
    /// Claims the copy; `None` where somebody else was faster.
    pub(super) async fn take(records: &Records, mut record: Record, version: &Version) -> Result<Option<Self>> {
        record.copy.status = CopyStatus::Copying;
        record.copy.attempts += 1;
        record.copy.lease_until = lease();
        let Some(version) = records.write_render(&record, Some(version)).await? else { return Ok(None) };
        let found_done = record.copy.upload.as_ref().map_or(0, Upload::done);
        let upload = Arc::new(watch::Sender::new(record.copy.upload.clone()));
        Ok(Some(Self { records: records.clone(), record, version, upload, found_done }))
    }

    pub(super) const fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn upload(&self) -> Option<Upload> {
        self.upload.borrow().clone()
    }

    /// Where the parts that are done are noted.
    pub(super) fn parts(&self) -> Arc<watch::Sender<Option<Upload>>> {
        self.upload.clone()
    }

    /// Whether parts were copied since it was claimed, that whoever comes next can go on with. Parts that S3 would
    /// not put into effect are none: a copy must not be begun for ever.
    pub(super) fn has_progressed(&self) -> bool {
        self.upload.borrow().as_ref().is_some_and(|upload| !upload.is_completing() && upload.done() > self.found_done)
    }

    /// There is another upload now, or none.
    pub(super) fn set(&mut self, upload: Option<Upload>) {
        self.found_done = 0;
        self.upload.send_replace(upload);
    }

    /// Writes down how far it is and has the copy for another while.
    ///
    /// # Errors
    /// [`Kind::CopyInProgress`] where somebody else has taken it: nothing more may be done then.
    pub(super) async fn renew(&mut self) -> Result<()> {
        self.record.copy.upload = self.upload();
        self.record.copy.lease_until = lease();
        let written = self.records.write_render(&self.record, Some(&self.version)).await?;
        self.version = written.ok_or_else(taken)?;
        Ok(())
    }

    /// Writes down that the upload is about to be put into effect. What is to be completed; none where there is none.
    ///
    /// # Errors
    /// As [`Claim::renew`].
    pub(super) async fn completing(&mut self) -> Result<Option<Upload>> {
        self.upload.send_modify(|upload| {
            if let Some(upload) = upload {
                upload.set_completing();
            }
        });
        self.renew().await?;
        Ok(self.upload())
    }

    /// Works, and renews the lease meanwhile. Work is dropped where the lease is lost.
    pub(super) async fn hold<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            let until = self.record.copy.lease_until;
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(RENEWAL) => match self.renew().await {
                    Ok(()) => {}
                    Err(error) if error.kind() == Kind::CopyInProgress || now_ms() > until => return Err(error),
                    Err(error) => {
                        self.record.copy.lease_until = until;
                        tracing::warn!(code = error.kind().code(), "a copy's lease was not renewed; trying again");
                    }
                },
            }
        }
    }

    /// Gives the claim back with what has become of the copy; `None` where it had been lost.
    pub(super) async fn end(mut self, change: impl FnOnce(&mut CopyRecord)) -> Result<Option<Record>> {
        self.record.copy.lease_until = 0;
        self.record.copy.upload = self.upload();
        change(&mut self.record.copy);
        let written = self.records.write_render(&self.record, Some(&self.version)).await?;
        Ok(written.map(|_| self.record))
    }
}

fn lease() -> u64 {
    now_ms() + u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX)
}

fn taken() -> Error {
    Error::new(Kind::CopyInProgress, "Somebody else goes on with this copy. Ask again when it has ended.")
}

//! An SQS queue: what is left to do, kept by AWS until somebody has done it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName};

use super::{Aws, Call, Result};
use crate::error::{Error, Kind};

/// The longest delay that SQS takes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>
const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);
/// How long one request waits for messages; the longest that SQS takes.
const LONG_POLL: i32 = 20;

/// A queue, and the credentials to use it with.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Calls SQS.
    pub aws: Arc<Aws>,
    /// The queue's URL.
    pub url: String,
    /// The queue's region.
    pub region: String,
}

/// A message that was received, and is hidden from others for the queue's visibility timeout.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id, the same each time it is received.
    pub id: String,
    /// What was sent.
    pub body: String,
    /// Proves that it was received; needed to delete it.
    pub receipt: String,
}

impl Queue {
    /// Puts a message on the queue, to be received after `delay` at the earliest; its id.
    ///
    /// # Errors
    /// [`Kind::AwsAccessDenied`] without `sqs:SendMessage`.
    pub async fn send(&self, body: String, delay: Duration) -> Result<String> {
        let seconds = i32::try_from(delay.min(LONGEST_DELAY).as_secs()).unwrap_or_default();
        let answer = self.aws.call(self.call("sqs:SendMessage"), |clients| {
            let request = clients.sqs(&self.region).send_message().queue_url(&self.url);
            request.message_body(&body).delay_seconds(seconds).send()
        });
        answer.await?.message_id.ok_or_else(|| super::unreadable("SendMessage"))
    }

    /// Puts a message on the queue as it is, with the attribute `reason`.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn send_with_reason(&self, body: String, reason: &str) -> Result<()> {
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| Error::new(Kind::Internal, "A reason can't be told.").because(error))?;
        let answer = self.aws.call(self.call("sqs:SendMessage"), |clients| {
            let request = clients.sqs(&self.region).send_message().queue_url(&self.url);
            request.message_body(&body).message_attributes("reason", reason.clone()).send()
        });
        answer.await.map(|_| ())
    }

    /// Up to ten messages; none where nothing came within 20 s.
    ///
    /// # Errors
    /// [`Kind::AwsAccessDenied`] without `sqs:ReceiveMessage`.
    pub async fn receive(&self) -> Result<Vec<Message>> {
        let answer = self.aws.call(self.call("sqs:ReceiveMessage"), |clients| {
            let request = clients.sqs(&self.region).receive_message().queue_url(&self.url);
            let request = request.max_number_of_messages(10).wait_time_seconds(LONG_POLL);
            request
                .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
                .customize()
                .config_override(
                    aws_sdk_sqs::config::Builder::new().timeout_config(
                        aws_sdk_sqs::config::timeout::TimeoutConfig::builder()
                            .operation_attempt_timeout(Duration::from_secs(30))
                            .operation_timeout(Duration::from_secs(60))
                            .build(),
                    ),
                )
                .send()
        });
        let messages = answer.await?.messages.unwrap_or_default().into_iter().filter_map(|message| {
            Some(Message { id: message.message_id?, body: message.body?, receipt: message.receipt_handle? })
        });
        Ok(messages.collect())
    }

    /// Takes messages off the queue for good.
    ///
    /// # Errors
    /// [`Kind::AwsAccessDenied`] without `sqs:DeleteMessage`; [`Kind::AwsUnavailable`] where some of them stay.
    pub async fn delete(&self, messages: &[Message]) -> Result<()> {
        for ten in messages.chunks(10) {
            let entries: std::result::Result<Vec<_>, _> = ten
                .iter()
                .enumerate()
                .map(|(number, message)| {
                    let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
                    entry.receipt_handle(&message.receipt).build()
                })
                .collect();
            let entries =
                entries.map_err(|error| Error::new(Kind::Internal, "Messages can't be deleted.").because(error))?;
            let answer = self.aws.call(self.call("sqs:DeleteMessage"), |clients| {
                let request = clients.sqs(&self.region).delete_message_batch().queue_url(&self.url);
                request.set_entries(Some(entries.clone())).send()
            });
            if !answer.await?.failed.is_empty() {
                return Err(super::error::unavailable("sqs:DeleteMessage", None));
            }
        }
        Ok(())
    }

    fn call(&self, action: &'static str) -> Call {
        Call { action, resource: self.url.clone() }
    }
}

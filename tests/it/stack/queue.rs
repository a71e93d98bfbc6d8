//! A queue of moto's, as its owner sees it, and what a Lambda function is sent from it.

use serde_json::{Value, json};

use super::moto::Moto;
use super::owner::element;
use super::{Settings, World, random};

/// A queue with the bucket for what it speaks of.
pub(crate) struct Jobs {
    /// Of both programs.
    pub(crate) settings: Settings,
    /// Its URL.
    pub(crate) queue: String,
    /// The bucket.
    pub(crate) state: String,
}

impl World {
    pub(crate) fn with_queue(&self) -> Jobs {
        self.with_queue_hidden_for(30)
    }

    /// With a queue whose messages come back after so many seconds unless they are deleted.
    pub(crate) fn with_queue_hidden_for(&self, seconds: u32) -> Jobs {
        let queue = self.moto.create_queue(&format!("jobs-{}", random(8)));
        self.moto.hide_for(&queue, seconds);
        let state = format!("state-{}", random(10));
        self.moto.create_bucket(&state, "us-east-1");
        let settings =
            self.settings().set("RENDERGATE_QUEUE_URL", &queue).set("RENDERGATE_STATE", format!("s3://{state}"));
        Jobs { settings, queue, state }
    }
}

/// As SQS hands messages over: `(id, body)`.
pub(crate) fn batch(messages: &[(&str, &str)]) -> Value {
    let records = messages.iter().map(|(id, body)| {
        json!({ "messageId": id, "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:jobs", "awsRegion": "us-east-1" })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// The ids of the messages that stay.
pub(crate) fn failures(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

impl Moto {
    fn sqs(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.query("sqs", &[&[("Action", action), ("Version", "2012-11-05")], parameters].concat())
    }

    /// A new queue; its URL.
    pub(crate) fn create_queue(&self, name: &str) -> String {
        element(&self.sqs("CreateQueue", &[("QueueName", name)]), "QueueUrl")
    }

    fn hide_for(&self, queue: &str, seconds: u32) {
        let seconds = seconds.to_string();
        let attribute = [("Attribute.1.Name", "VisibilityTimeout"), ("Attribute.1.Value", seconds.as_str())];
        self.sqs("SetQueueAttributes", &[&[("QueueUrl", queue)], &attribute[..]].concat());
    }

    /// Puts a message on the queue.
    pub(crate) fn send(&self, queue: &str, body: &str) {
        self.sqs("SendMessage", &[("QueueUrl", queue), ("MessageBody", body)]);
    }

    /// One message and all of its attributes, as XML.
    pub(crate) fn receive(&self, queue: &str) -> String {
        self.sqs("ReceiveMessage", &[("QueueUrl", queue), ("MessageAttributeName.1", "All")])
    }

    /// How many messages wait, are worked on, and are delayed.
    pub(crate) fn messages(&self, queue: &str) -> [u32; 3] {
        let answer = self.sqs("GetQueueAttributes", &[("QueueUrl", queue), ("AttributeName.1", "All")]);
        let number = |name: &str| {
            let rest = answer.split(&format!("<Name>{name}</Name>")).nth(1).unwrap();
            element(rest, "Value").parse().unwrap()
        };
        ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
            .map(number)
    }
}

//! A queue of moto's, as its owner sees it.

use super::moto::Moto;
use super::owner::element;

impl Moto {
    fn sqs(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.query("sqs", &[&[("Action", action), ("Version", "2012-11-05")], parameters].concat())
    }

    /// A new queue; its URL.
    pub(crate) fn create_queue(&self, name: &str) -> String {
        element(&self.sqs("CreateQueue", &[("QueueName", name)]), "QueueUrl")
    }

    /// Puts a message on the queue.
    pub(crate) fn send(&self, queue: &str, body: &str) {
        self.sqs("SendMessage", &[("QueueUrl", queue), ("MessageBody", body)]);
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

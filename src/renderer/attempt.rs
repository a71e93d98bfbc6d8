//! One attempt at a still: what the function streams, up to its end.

use tokio::sync::watch;

use super::target::Function;
use crate::aws::Piece;
use crate::error::{Error, Kind, Result};
use crate::remotion::names;
use crate::remotion::reply::{self, Reply};
use crate::remotion::stream::{Frames, Message, Rendered};

/// How one attempt ended.
pub(super) enum End {
    Image(Box<Rendered>),
    /// The function said why not.
    Refused(String),
    /// Nobody said anything: the stream broke, or never began.
    Broken(Error),
}

/// What is known of a still while it is rendered.
#[derive(Clone)]
pub(super) struct Begun {
    pub(super) account: String,
    pub(super) render_id: String,
}

impl Function<'_> {
    /// Invokes the function for a still, once. `begun` is told the render's id as soon as it is known.
    ///
    /// # Errors
    /// What AWS refused, and what is no answer of a Remotion function: neither is worth another attempt.
    pub(super) async fn attempt(
        &self,
        payload: Vec<u8>,
        streamed: bool,
        begun: &watch::Sender<Option<Begun>>,
    ) -> Result<End> {
        if streamed { self.stream(payload, begun).await } else { self.buffered(payload).await }
    }

    async fn stream(&self, payload: Vec<u8>, begun: &watch::Sender<Option<Begun>>) -> Result<End> {
        let invoked = self.account.aws.invoke_streaming(self.region, &self.name, payload, self.on_throttle).await;
        let mut stream = match invoked.map_err(|error| self.explain(error)) {
            Ok(stream) => stream,
            // It never began.
            Err(error) if error.kind() == Kind::Timeout => return Ok(End::Broken(error)),
            Err(error) => return Err(error),
        };
        let mut frames = Frames::default();
        loop {
            let bytes = match stream.next().await {
                Ok(Some(Piece::Bytes(bytes))) => bytes,
                Ok(Some(Piece::End(Some((code, _))))) if code == "Runtime.TruncatedResponse" => {
                    return Ok(End::Broken(broken()));
                }
                Ok(Some(Piece::End(Some((code, details))))) => {
                    let thrown = reply::thrown(&details);
                    return Ok(End::Refused(if thrown.is_empty() { code } else { thrown }));
                }
                Ok(Some(Piece::End(None))) => return Err(self.unreadable()),
                Ok(None) => return Ok(End::Broken(broken())),
                Err(error) => return Ok(End::Broken(error)),
            };
            for message in frames.push(&bytes).map_err(|_| self.unreadable())? {
                match message {
                    Message::RenderId(id) if names::is_render_id(&id) => {
                        let account = self.account.settings.name.clone();
                        begun.send_replace(Some(Begun { account, render_id: id }));
                    }
                    Message::RenderId(_) => return Err(self.unreadable()),
                    Message::Rendered(image) => return Ok(End::Image(image)),
                    Message::Failed(message) => return Ok(End::Refused(message)),
                }
            }
        }
    }

    /// For China, where Lambda does not stream: the id is known with the image only.
    async fn buffered(&self, payload: Vec<u8>) -> Result<End> {
        let answer = self.invoke(payload).await?;
        match reply::still(&answer.payload, answer.threw) {
            Reply::Answer(image) => Ok(End::Image(image)),
            Reply::Refused(message) => Ok(End::Refused(message)),
            Reply::Unreadable => Err(self.unreadable()),
        }
    }
}

fn broken() -> Error {
    Error::new(Kind::AwsUnavailable, "The function's answer broke off. Try again.")
}

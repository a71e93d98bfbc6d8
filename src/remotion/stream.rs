//! What a function streams while it renders a still: frames, decoded piece by piece.
//!
//! A frame is `remotion_buffer:<id>:<length>:<status>:` and then that many bytes. Frames may be split
//! anywhere, or share a piece; bytes before a frame belong to nobody and are skipped. The AWS event stream
//! around them is the SDK's business.

use serde::Deserialize;
use serde_json::Value;

use super::price::Costs;

const MARKER: &[u8] = b"remotion_buffer:";
/// The longest header after the marker that is waited for: three numbers and their colons.
const LONGEST_HEADER: usize = 32;
/// The largest frame that is kept, bytes. One that tells about a still has about a kilobyte, and some more
/// for each artifact.
const LARGEST: usize = 1024 * 1024;

/// What a function tells about a still.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The render has an id, and begins.
    RenderId(String),
    /// The image is written.
    Rendered(Box<Rendered>),
    /// There will be no image: the first line of the error's message, without its stack.
    Failed(String),
}

/// A still that is done.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendered {
    /// The render's id.
    pub render_id: String,
    /// The render bucket; the image itself may be in another.
    pub bucket_name: String,
    /// The image's address. It opens only if the image is public.
    #[serde(rename = "output")]
    pub url: String,
    /// The image's key.
    pub out_key: String,
    /// The image's size.
    pub size_in_bytes: u64,
    /// What it cost.
    pub estimated_price: Costs,
    /// Files that the composition wrote beside it: `{filename, sizeInBytes, s3Url, s3Key}`.
    #[serde(default, rename = "receivedArtifacts")]
    pub artifacts: Vec<Value>,
}

/// Why a stream can't be understood. Check that the function is a Remotion function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// A frame's header is not one.
    Header,
    /// A frame of a kind that no version up to 4.0.527 sends.
    UnknownFrame,
    /// A frame larger than anything that is sent about a still.
    TooLarge,
    /// A frame's content is not what its kind holds.
    Content,
}

/// Decodes frames. Keeps at most one of them, and that only if it tells about a still.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Bytes of the current frame that are still to come and are not kept.
    skipped: usize,
}

/// What a frame is about; frames of video renders are skipped.
#[derive(Clone, Copy)]
enum Kind {
    RenderId,
    Rendered,
    Failed,
    Other,
}

impl Frames {
    /// Takes the next piece of the stream, and gives the messages that it completes.
    ///
    /// # Errors
    /// [`StreamError`]; what follows in the stream can't be trusted then.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<Message>, StreamError> {
        let skipped = self.skipped.min(piece.len());
        self.skipped -= skipped;
        self.buffer.extend_from_slice(&piece[skipped..]);
        let mut messages = Vec::new();
        while let Some((kind, content, length)) = self.header()? {
            let here = length.min(self.buffer.len() - content);
            match kind {
                Kind::Other => self.skipped = length - here,
                _ if length > LARGEST => return Err(StreamError::TooLarge),
                _ if here < length => break,
                kind => messages.push(message(kind, &self.buffer[content..content + length])?),
            }
            self.buffer.drain(..content + here);
        }
        Ok(messages)
    }

    /// The kind of the next frame, where in the buffer its content begins, and how long that is. Drops what
    /// stands before the frame. `None` until the whole header is there.
    fn header(&mut self) -> Result<Option<(Kind, usize, usize)>, StreamError> {
        let Some(start) = self.buffer.windows(MARKER.len()).position(|window| window == MARKER) else {
            // The marker may have begun.
            let kept = self.buffer.len().min(MARKER.len() - 1);
            self.buffer.drain(..self.buffer.len() - kept);
            return Ok(None);
        };
        self.buffer.drain(..start);
        let after = &self.buffer[MARKER.len()..];
        let head = &after[..after.len().min(LONGEST_HEADER)];
        let mut parts = head.splitn(4, |byte| *byte == b':');
        let (Some(id), Some(length), Some(status), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return if head.len() < LONGEST_HEADER { Ok(None) } else { Err(StreamError::Header) };
        };
        let (id, length, _) = (number(id)?, number(length)?, number(status)?);
        let kind = match id {
            2 => Kind::Failed,
            3 => Kind::RenderId,
            6 => Kind::Rendered,
            1 | 4 | 5 | 7..=9 => Kind::Other,
            _ => return Err(StreamError::UnknownFrame),
        };
        Ok(Some((kind, MARKER.len() + head.len() - rest.len(), length)))
    }
}

fn number(digits: &[u8]) -> Result<usize, StreamError> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or(StreamError::Header)
}

fn message(kind: Kind, content: &[u8]) -> Result<Message, StreamError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Begun {
        render_id: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Failed {
        error: String,
        error_info: Option<Info>,
    }
    #[derive(Deserialize)]
    struct Info {
        message: String,
    }
    let read = match kind {
        Kind::RenderId => serde_json::from_slice(content).map(|Begun { render_id }| Message::RenderId(render_id)),
        Kind::Rendered => serde_json::from_slice(content).map(Message::Rendered),
        _ => serde_json::from_slice(content).map(|Failed { error, error_info }| {
            let message = error_info.map_or(error, |info| info.message);
            Message::Failed(message.lines().next().unwrap_or_default().to_owned())
        }),
    };
    read.map_err(|_| StreamError::Content)
}

#[cfg(test)]
mod tests;

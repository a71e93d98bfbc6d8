//! Progress: a bar on a terminal, a line per change elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::renderer::{CopyStatus, Status, View};

/// Shows how far a render or a download is, on standard error.
pub(super) enum Bar {
    Terminal(ProgressBar),
    Lines { last: String },
    Silent,
}

impl Bar {
    pub(super) fn new(silent: bool) -> Self {
        if silent {
            return Self::Silent;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines { last: String::new() };
        }
        let bar = ProgressBar::new(100);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos:>3}% {msg}") {
            bar.set_style(style);
        }
        Self::Terminal(bar)
    }

    pub(super) fn show(&mut self, view: &View) {
        let percent = view.progress.overall_progress.clamp(0.0, 1.0) * 100.0;
        let text = match (&view.copy, view.status) {
            (Some(copy), Status::Done) if copy.status != CopyStatus::Done => "copying".to_owned(),
            (_, Status::Rendering) => format!("{} frames rendered", view.progress.frames_rendered),
            _ => "ended".to_owned(),
        };
        self.set(percent, text);
    }

    pub(super) fn set(&mut self, percent: f64, text: String) {
        match self {
            Self::Terminal(bar) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
                bar.set_position(percent as u64);
                bar.set_message(text);
            }
            Self::Lines { last } => {
                let line = format!("{percent:3.0}% {text}");
                if *last != line {
                    eprintln!("{line}");
                    *last = line;
                }
            }
            Self::Silent => {}
        }
    }

    pub(super) fn end(&self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}
